"""Judges service-linked roles, trail, image scanning, alarms, secret keys, alerts and Redis. Pure."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from fnmatch import fnmatchcase

from pipeline.doctor.model import DoctorLine, Sizes, ng, ok, skip


def service_roles(sizes: Sizes) -> dict[str, str]:
    """Return the service-linked roles that this environment's services work by, with each one's service."""
    roles = {"ECS": "ecs.amazonaws.com", "ElasticLoadBalancing": "elasticloadbalancing.amazonaws.com"}
    if sizes.autoscaling is not None:
        roles["ApplicationAutoScaling_ECSService"] = "ecs.application-autoscaling.amazonaws.com"
    if sizes.shared_redis is not None:
        roles["ElastiCache"] = "elasticache.amazonaws.com"
    return {f"AWSServiceRoleFor{name}": service for name, service in roles.items()}


def judge_role(service: str, present: bool) -> DoctorLine:
    """Say whether a service-linked role is there; whoever may do so has AWS make it at its first use."""
    if present:
        return ok("there")
    return skip(
        "missing: made at the first use, which may come too early for itself",
        f"aws iam create-service-linked-role --aws-service-name {service}",
    )


def judge_trail(sizes: Sizes, trails: Mapping[str, bool]) -> DoctorLine:
    """Say whether a trail (which logs, by name) tells EventBridge of changed security groups."""
    if not sizes.event_rules:
        return skip("event_rules is off")
    if sizes.cloudtrail:
        return ok("Terraform makes one")
    if logging := [name for name, logs in trails.items() if logs]:
        return ok(f"{', '.join(logging)} logs")
    seen = f"{', '.join(trails)} logs nothing" if trails else "none covers the region"
    return ng(f"{seen}: nobody is told of changed security groups", "Set cloudtrail = true in the tfvars.")


def judge_scanning(repository: str, mode: str, filters: Collection[str]) -> DoctorLine:
    """Say whether pushed images are scanned; enhanced scanning ignores the repository's own wish."""
    if mode != "ENHANCED":
        return ok(f"{mode}: on push, as the repository says")
    if any(fnmatchcase(repository, pattern if "*" in pattern else f"*{pattern}*") for pattern in filters):
        return ok("ENHANCED, by a rule of the registry")
    return ng(
        f"ENHANCED, and no rule covers {repository}: its images would not be scanned",
        "Add it to the filters of aws ecr put-registry-scanning-configuration.",
    )


def judge_bake(sizes: Sizes, windows: Collection[timedelta], limit: timedelta) -> DoctorLine:
    """Say how long ECS goes on watching the alarms of a rollout; ``windows`` is how far back each looks."""
    if sizes.alarms is None or not sizes.alarms_roll_back:
        return skip("no alarm takes a rollout back")
    if not windows:
        return skip("the alarms are not made yet")
    bake = max(windows)
    seen = f"about {bake / timedelta(minutes=1):g} of a rollout's {limit / timedelta(minutes=1):g} minutes"
    if bake * 2 <= limit:
        return ok(seen)
    return ng(seen, "Shorten the periods of its alarms, or set alarms_roll_back = false in the tfvars.")


def judge_secret(wanted: Collection[str], keys: Collection[str]) -> DoctorLine:
    """Say which keys of the application's secret have no value."""
    missing = sorted(set(wanted) - set(keys))
    if not missing:
        return ok(f"{len(wanted)} keys, each with a value")
    return ng(f"without a value: {', '.join(missing)}", "Fill in the app-secrets block and run sync-secrets.")


def judge_subscribers(sizes: Sizes, confirmed: Collection[bool] | None) -> DoctorLine:
    """Say whether alerts reach somebody; None where the topic is not made yet."""
    if not sizes.alert_topic:
        return skip("alert_topic is off")
    if confirmed is None and sizes.alert_emails:
        return skip(
            f"not made yet, for {len(sizes.alert_emails)} addresses", "Confirm the mail that each then gets."
        )
    if not confirmed:
        return ng("no subscriber: alerts reach nobody", "Set alert_emails in the tfvars.")
    seen = f"{sum(confirmed)} of {len(confirmed)} subscribers confirmed"
    return ok(seen) if all(confirmed) else ng(seen, "Have the others confirm the mail that they got.")


def judge_redis(sizes: Sizes, offered: bool, versions: Collection[str]) -> DoctorLine:
    """Say whether the region has the node type and the engine of the shared Redis."""
    if sizes.shared_redis is None:
        return skip("no shared Redis")
    node, version = sizes.shared_redis["node_type"], sizes.shared_redis["engine_version"]
    absent = [] if offered else [node]
    if not any(f"{item}.".startswith(f"{version}.") for item in versions):
        absent.append(f"Redis {version}")
    if absent:
        return ng(f"not offered here: {', '.join(absent)}", "Choose another in shared_redis in the tfvars.")
    return ok(f"{node} with Redis {version} is offered")
