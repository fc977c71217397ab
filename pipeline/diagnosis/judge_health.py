"""Judges health as the load balancer and the world see it. Pure."""

from collections.abc import Iterator

from pipeline.diagnosis.facts import Facts, TargetGroup
from pipeline.diagnosis.model import Fault, Finding, Topic, Unread
from pipeline.ecs.model import Target

GROUPS = Topic("target groups")
TARGETS = Topic("targets")
ANSWER = Topic("health path")
_SILENT = ("Target.Timeout", "Target.FailedHealthChecks")
_WAITING = ("initial", "draining")


def judge_groups(facts: Facts) -> Iterator[Finding]:
    """Do the target groups ask the health path on the application's port?"""
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
    if group.health_port not in ("traffic-port", str(port)) or group.port != port:
        told = f"{asks}, sends to {group.port}; the application answers on {port}"
        return GROUPS.ng(group.name, told, Fault.TARGET_SETTINGS)
    return GROUPS.ok(group.name, asks)


def judge_targets(facts: Facts) -> Iterator[Finding]:
    """What does the load balancer say of each task?"""
    if isinstance(facts.balancing, Unread):
        yield TARGETS.skip("targets", facts.balancing.reason)
        return
    for target in facts.balancing.targets:
        yield _target(target)
    if not facts.balancing.targets:
        yield TARGETS.ng("targets", "no task is registered", Fault.TASKS_MISSING)


def _target(target: Target) -> Finding:
    subject = f"{target.address}:{target.port}"
    told = f"{target.state}. {target.reason} {target.description}".strip()
    if target.state == "healthy":
        return TARGETS.ok(subject, "healthy")
    if target.state in _WAITING:
        return TARGETS.skip(subject, told)
    if target.state == "unused":
        return TARGETS.ng(subject, told, Fault.TARGET_SETTINGS)
    return TARGETS.ng(subject, told, Fault.HEALTH_SILENT if target.reason in _SILENT else Fault.HEALTH_STATUS)


def judge_answer(facts: Facts) -> Iterator[Finding]:
    """Does the health path answer through the load balancer?"""
    found = facts.probe
    if isinstance(found, Unread):
        yield ANSWER.skip("answer", found.reason)
    elif found.healthy:
        yield ANSWER.ok("answer", found.message)
    else:
        yield ANSWER.ng("answer", found.message, Fault.HTTP)
