"""Judges names that are taken, the hosted zone, and its delegation. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pipeline.doctor.model import DoctorLine, Sizes, Taken, ng, ok, skip
from pipeline.environment.model import Environment


@dataclass(frozen=True)
class Wanted:
    """A name that Terraform gives to a resource."""

    kind: str
    name: str
    address: str
    """Address of the resource in the root module."""


def guide_names(settings: Environment) -> dict[str, Wanted]:
    """Return the names that another stack of the same application has too, by kind."""
    names = settings.names
    wanted = (
        Wanted("repository", names.repository, "module.registry.aws_ecr_repository.this"),
        Wanted("log group", names.log_group, "module.logs.aws_cloudwatch_log_group.this"),
        Wanted("cluster", names.cluster, "module.cluster.aws_ecs_cluster.this"),
        Wanted("service", f"{names.cluster}/{names.service}", "module.service.aws_ecs_service.this"),
        Wanted("secret", settings.secret_name, "module.secret.aws_secretsmanager_secret.this"),
    )
    return {item.kind: item for item in wanted}


ADOPTED = {"repository": "images", "log group": "events", "cluster": "services", "secret": "values"}
"""Kinds that deploy-infrastructure takes over, and what comes with each."""


def wanted_names(settings: Environment, sizes: Sizes, account: str) -> tuple[Wanted, ...]:
    """Return every name that must be free, or this environment's own."""
    own = f"{settings.app}-{settings.stage}"
    buckets = {
        "backups": "backup_bucket",
        "log-archive": "log_archive_bucket",
        **({"access-logs": "access_log_bucket[0]"} if sizes.access_logs else {}),
        **({"trail": "audit[0].module.bucket"} if sizes.cloudtrail else {}),
    }
    roles = {"execution": "execution", "task": "task", "pipeline-worker": "worker"}
    return (
        *guide_names(settings).values(),
        *(
            Wanted("bucket", f"{own}-{purpose}-{account}", f"module.{module}.aws_s3_bucket.this")
            for purpose, module in buckets.items()
        ),
        Wanted("load balancer", own, "module.load_balancer.aws_lb.this"),
        Wanted("target group", own, "module.load_balancer.aws_lb_target_group.this"),
        Wanted("parameter", settings.outputs_parameter, "aws_ssm_parameter.outputs"),
        *(
            Wanted("role", f"{own}-{role}", f"module.roles.aws_iam_role.{name}")
            for role, name in roles.items()
        ),
    )


def judge_name(
    wanted: Wanted, settings: Environment, held: Collection[str], taken: Taken | None
) -> DoctorLine:
    """Say whether a name is free, this environment's (its address is ``held`` by the state), or another's."""
    if taken is None:
        return ok("free")
    if wanted.address in held and not taken.dying:
        return ok("there, and in the state")
    seen = f"there, in no state of this environment, {_whose(taken)}"
    if taken.dying:
        return ng(
            f"scheduled for deletion, {_whose(taken)}",
            "deploy-infrastructure brings it back with its values; or delete it at once (delete-secret "
            "--force-delete-without-recovery).",
        )
    if not taken.import_id:
        return ng(
            "another account's, or closed to these credentials",
            "Set account_id to the right account, or choose another name for app in environments.toml.",
        )
    mine = {"Application": settings.app, "Environment": settings.stage}
    if any(taken.tags.get(key, value) != value for key, value in mine.items()):
        return ng(seen, "It is another environment's: choose other names in environments.toml.")
    if wanted.kind == "service":
        return ng(seen, "Give this one another name (names.service), see docs/taking-over.md; or remove it.")
    how = f"terraform import {wanted.address} {taken.import_id}"
    if wanted.kind in ADOPTED:
        how = "deploy-infrastructure with adopt, see docs/taking-over.md"
    return ng(seen, f"Adopt it ({how}), or remove it.")


def _whose(taken: Taken) -> str:
    told = [
        f"{key}={taken.tags[key]}" for key in ("Application", "Environment", "ManagedBy") if key in taken.tags
    ]
    return f"tagged {', '.join(told)}" if told else "without tags that say whose"


OWN_ZONE = "module.certificate[0].aws_route53_zone.this[0]"


def covering(domain: str, zones: Mapping[str, str]) -> list[str]:
    """Return the ids of the zones (names by id) that may hold the domain's records, the nearest first."""
    found = [zone for zone, name in zones.items() if f".{domain}".endswith(f".{name}")]
    return sorted(found, key=lambda zone: -len(zones[zone]))


def judge_zone(
    settings: Environment, sizes: Sizes, held: Collection[str], zones: Mapping[str, str]
) -> DoctorLine:
    """Say whether Terraform finds the zone that the world asks, and makes no second one beside it."""
    domain, given = settings.domain, sizes.hosted_zone_id
    if domain is None:
        return skip("the environment has no domain")
    found = covering(domain, zones)
    if given in found:
        return ok(f"{given}, as hosted_zone_id says")
    if given is not None:
        return ng(f"{given} is no public zone here that holds {domain}", "Correct hosted_zone_id.")
    if OWN_ZONE in held:
        return ok("there, and in the state")
    if sizes.new_hosted_zone and found:
        return ng(
            f"{found[0]} holds {zones[found[0]]}, and Terraform would make a second zone that nobody asks",
            f'Set hosted_zone = "{zones[found[0]]}" in {settings.sizes}, and take out new_hosted_zone.',
        )
    if sizes.new_hosted_zone:
        return skip(
            f"no public zone here holds {domain}: Terraform makes one",
            "Delegate the domain to it (the output name_servers) while the apply waits for the certificate.",
        )
    name = sizes.hosted_zone or domain
    named = [zone for zone in found if zones[zone] == name]
    if len(named) == 1:
        return ok(f"{named[0]} is {name}")
    if named:
        return ng(f"{' and '.join(named)} are both {name}", "Set hosted_zone_id to the delegated one.")
    if found:
        return ng(
            f"no public zone here is {name}; {found[0]} is {zones[found[0]]}",
            f'Set hosted_zone = "{zones[found[0]]}" in {settings.sizes}.',
        )
    return ng(
        f"no public zone here holds {domain}",
        f"Make one where the registrar delegates, or set new_hosted_zone = true in {settings.sizes}.",
    )


def judge_delegation(zone: str, own: frozenset[str], told: frozenset[str] | None) -> DoctorLine:
    """Say whether DNS leads to the zone's own name servers; None where nobody could say."""
    if not zone:
        return skip("needs the hosted zone")
    servers = ", ".join(sorted(own))
    if told is None:
        return skip(
            f"nobody could say who serves {zone}: offline, or its name servers do not answer",
            f"dig NS {zone}; it must name {servers}.",
        )
    if told == own:
        return ok(f"{zone} is delegated to its zone")
    others = ", ".join(sorted(told)) or "nobody"
    return ng(f"{zone} is served by {others}", f"Have its registrar or parent zone delegate to {servers}.")
