"""Judges settings: target groups, answers, certificate, names, alarms, variables, secrets, image. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.certificate.model import Level
from pipeline.diagnosis.facts import Facts, TargetGroup
from pipeline.diagnosis.model import Fault, Finding, Topic, Unread
from pipeline.ecs.model import Target

GROUPS = Topic("target groups")
TARGETS = Topic("targets")
ANSWER = Topic("health path")
_SILENT = ("Target.Timeout", "Target.FailedHealthChecks")
_WAITING = ("initial", "draining")


def judge_groups(facts: Facts) -> Iterator[Finding]:
    """Yield whether the target groups ask the health path on the application's port."""
    if isinstance(facts.balancing, Unread):
        yield GROUPS.skip("settings", facts.balancing.reason)
        return
    for group in facts.balancing.groups:
        yield _settings(facts, group)
    if not facts.balancing.groups:
        yield GROUPS.ng("settings", "the service has no target group", Fault.TARGET_SETTINGS)


def _settings(facts: Facts, group: TargetGroup) -> Finding:
    path, port = facts.subject.environment.health_path, facts.subject.outputs.container_port
    asks = f"asks {group.path} on {group.health_port}, wants {group.matcher}, waits {group.timeout} s"
    if group.path != path:
        return GROUPS.ng(group.name, f"{asks}; the health path is {path}", Fault.TARGET_SETTINGS)
    codes = facts.subject.environment.health_codes
    if group.matcher != codes:
        return GROUPS.ng(group.name, f"{asks}; healthy is {codes}", Fault.TARGET_SETTINGS)
    if group.health_port not in ("traffic-port", str(port)) or group.port != port:
        detail = f"{asks}, sends to {group.port}; the application answers on {port}"
        return GROUPS.ng(group.name, detail, Fault.TARGET_SETTINGS)
    return GROUPS.ok(group.name, asks)


def judge_targets(facts: Facts) -> Iterator[Finding]:
    """Yield the load balancer's view of each task."""
    if isinstance(facts.balancing, Unread):
        yield TARGETS.skip("targets", facts.balancing.reason)
        return
    for target in facts.balancing.targets:
        yield _target(target)
    if not facts.balancing.targets:
        yield TARGETS.ng("targets", "no task is registered", Fault.TASKS_MISSING)


def _target(target: Target) -> Finding:
    subject = f"{target.address}:{target.port}"
    detail = f"{target.state}. {target.reason} {target.description}".strip()
    if target.state == "healthy":
        return TARGETS.ok(subject, "healthy")
    if target.state in _WAITING:
        return TARGETS.skip(subject, detail)
    if target.state == "unused":
        return TARGETS.ng(subject, detail, Fault.TARGET_SETTINGS)
    return TARGETS.ng(
        subject, detail, Fault.HEALTH_SILENT if target.reason in _SILENT else Fault.HEALTH_STATUS
    )


def judge_answer(facts: Facts) -> Iterator[Finding]:
    """Yield whether the health path and the smoke paths answer through the load balancer."""
    if isinstance(facts.probes, Unread):
        yield ANSWER.skip("answer", facts.probes.reason)
        return
    for found in facts.probes:
        if found.healthy:
            yield ANSWER.ok("answer", found.message)
        else:
            yield ANSWER.ng("answer", found.message, Fault.HTTP)


CERTIFICATE = Topic("certificate")
DNS = Topic("DNS")
ALARMS = Topic("alarms")


def judge_certificate(facts: Facts) -> Iterator[Finding]:
    """Yield whether the certificate is sound; check-certificate looks closer."""
    found = facts.certificate
    if found is None:
        yield CERTIFICATE.skip("certificate", "this environment has none")
        return
    if isinstance(found, Unread):
        yield CERTIFICATE.skip("certificate", found.reason)
        return
    for item in found.findings:
        if item.level is Level.FAIL:
            yield CERTIFICATE.ng(item.subject, item.text, Fault.CERTIFICATE)
        elif item.level is Level.OK:
            yield CERTIFICATE.ok(item.subject, item.text)
        else:
            yield CERTIFICATE.skip(item.subject, f"{item.text} {item.next_step}".rstrip())


def judge_names(facts: Facts) -> Iterator[Finding]:
    """Yield whether the domain leads to the load balancer."""
    found, domain = facts.names, facts.subject.environment.domain
    if found is None or domain is None:
        yield DNS.skip("domain", "this environment has none")
    elif isinstance(found, Unread):
        yield DNS.skip(domain, found.reason)
    elif not found.domain:
        yield DNS.ng(domain, "does not resolve", Fault.DNS)
    elif not set(found.domain) & set(found.load_balancer):
        detail = f"leads to {', '.join(found.domain)}, the load balancer to {', '.join(found.load_balancer)}"
        yield DNS.ng(domain, detail, Fault.DNS)
    else:
        yield DNS.ok(domain, "leads to the load balancer")


def judge_alarms(facts: Facts) -> Iterator[Finding]:
    """Yield the alarms that ring."""
    found = facts.alarms
    if isinstance(found, Unread):
        yield ALARMS.skip("alarms", found.reason)
        return
    ringing = [alarm for alarm in found if alarm.state == "ALARM"]
    for alarm in ringing:
        yield ALARMS.ng(alarm.name, alarm.reason, Fault.ALARM)
    quiet = len(found) - len(ringing)
    if quiet:
        yield ALARMS.ok("others" if ringing else "alarms", f"{quiet} are quiet")
    if not found:
        yield ALARMS.skip("alarms", "this environment has none")


VARIABLES = Topic("environment variables")
SECRETS = Topic("secrets")
IMAGE = Topic("image")


def judge_variables(facts: Facts) -> Iterator[Finding]:
    """Yield whether the live revision has every variable that Terraform and the environment set."""
    found = facts.definitions
    if isinstance(found, Unread):
        yield VARIABLES.skip("variables", found.reason)
        return
    name = facts.subject.outputs.container
    present = _names(found.live, name, "environment")
    required = set(facts.subject.environment.variables)
    required |= _names(found.template, name, "environment") if found.template else set()
    missing = sorted(required - present - _names(found.live, name, "secrets"))
    if missing:
        yield VARIABLES.ng("variables", f"missing: {', '.join(missing)}", Fault.VARIABLE_MISSING)
    else:
        yield VARIABLES.ok("variables", f"present: {', '.join(sorted(present)) or 'none'}")


def judge_secrets(facts: Facts) -> Iterator[Finding]:
    """Yield whether the live revision reads every required key, and each has a value."""
    if isinstance(facts.definitions, Unread):
        yield SECRETS.skip("references", facts.definitions.reason)
    else:
        yield _references(facts, facts.definitions.live)
    found, name = facts.secrets, facts.subject.environment.secret_name
    if isinstance(found, Unread):
        fault = "does not exist" in found.reason or "no value" in found.reason
        yield (
            SECRETS.ng("values", found.reason, Fault.SECRET_MISSING)
            if fault
            else SECRETS.skip("values", found.reason)
        )
    elif found.missing:
        detail = f"without a value in {name}: {', '.join(found.missing)}"
        yield SECRETS.ng("values", detail, Fault.SECRET_MISSING)
    else:
        yield SECRETS.ok("values", f"{len(found.used)} keys of {name}, each with a value")


def _references(facts: Facts, live: Mapping[str, Any]) -> Finding:
    read = _names(live, facts.subject.outputs.container, "secrets")
    missing = [key for key in facts.subject.environment.secret_keys if key not in read]
    if missing:
        return SECRETS.ng("references", f"not read: {', '.join(missing)}", Fault.VARIABLE_MISSING)
    return SECRETS.ok("references", f"read: {', '.join(sorted(read))}")


def judge_image(facts: Facts) -> Iterator[Finding]:
    """Yield whether the registry has the image of the live revision."""
    found = facts.image
    if isinstance(found, Unread):
        yield IMAGE.skip("image", found.reason)
    elif not found.in_registry:
        yield IMAGE.ng("image", f"{found.reference} is not in the registry", Fault.IMAGE_MISSING)
    else:
        yield IMAGE.ok("image", f"{found.reference.rpartition('/')[2]} is in the registry")


def _names(definition: Mapping[str, Any], container: str, kind: str) -> set[str]:
    """Return the names of a container's ``environment`` or ``secrets``."""
    containers = definition.get("containerDefinitions", [])
    return {str(item["name"]) for raw in containers if raw["name"] == container for item in raw.get(kind, [])}
