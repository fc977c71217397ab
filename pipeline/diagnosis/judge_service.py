"""Judges the service: what is wanted, what runs, how its rollouts went, and what was recorded. Pure."""

import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from pipeline.diagnosis.causes import fault_of, one_off, why_stopped
from pipeline.diagnosis.facts import Facts, Releases, Tasks
from pipeline.diagnosis.model import Fault, Finding, Topic, Unread
from pipeline.ecs.model import Deployment, Service, Task, revision_name
from pipeline.log_cause import find_cause, find_error, find_errors
from pipeline.release.rollback import releases_back

SERVICE = Topic("service")
ROLLOUT = Topic("rollout")
EVENTS = Topic("events")
RELEASES = Topic("releases")
_NO_ROOM = re.compile(
    r"unable to (consistently )?place|capacity is unavailable|was unable to.*ENI", re.IGNORECASE
)
_EVENTS = 5


def steady(facts: Facts) -> bool:
    """Whether the service has what it wants, and targets that are all healthy: older failures are over.

    Between two crashes the tasks may all run for a moment, with no target registered yet.
    """
    if not isinstance(facts.service, Service) or facts.service.primary is None:
        return False
    primary = facts.service.primary
    states = (
        {"healthy"}
        if isinstance(facts.balancing, Unread)
        else {item.state for item in facts.balancing.targets}
    )
    return (
        primary.rollout_state in ("COMPLETED", "")
        and primary.running >= primary.desired > 0
        and states - {"draining"} == {"healthy"}
    )


def judge_service(facts: Facts) -> Iterator[Finding]:
    """Yield whether the service exists and runs the desired tasks."""
    found = facts.service
    if isinstance(found, Unread):
        yield SERVICE.skip("service", found.reason)
        return
    if found is None or found.status != "ACTIVE":
        state = "does not exist" if found is None else f"is {found.status}"
        yield SERVICE.ng("service", f"{facts.subject.outputs.service} {state}", Fault.SERVICE_MISSING)
        return
    yield SERVICE.ok("service", f"{found.name} is ACTIVE on {revision_name(found.task_definition)}")
    yield _tasks(found)


def _tasks(service: Service) -> Finding:
    running = sum(item.running for item in service.deployments)
    if service.desired == 0:
        return SERVICE.ng("tasks", "no task is wanted: desired count 0", Fault.NOTHING_RUNS)
    if running < service.desired:
        return SERVICE.ng("tasks", f"{running} of {service.desired} tasks run", Fault.TASKS_MISSING)
    return SERVICE.ok("tasks", f"{running} of {service.desired} tasks run")


def judge_rollouts(facts: Facts) -> Iterator[Finding]:
    """Yield the course of every rollout that ECS still lists."""
    if not isinstance(facts.service, Service):
        yield ROLLOUT.skip("deployments", "needs the service")
        return
    for item in facts.service.deployments:
        yield _rollout(item, past=steady(facts))


def _rollout(item: Deployment, *, past: bool) -> Finding:
    subject = f"{item.status} {revision_name(item.task_definition)}"
    detail = f"{item.rollout_state or 'no state'}: {item.running} of {item.desired} run, {item.failed} failed"
    detail = f"{detail}. {item.rollout_reason}".rstrip()
    if item.rollout_state == "FAILED":
        return ROLLOUT.ng(subject, detail, Fault.ROLLOUT_FAILED, past=past and item.status != "PRIMARY")
    if item.rollout_state == "IN_PROGRESS" and item.status == "PRIMARY" and item.desired:
        return ROLLOUT.ng(subject, detail, Fault.ROLLOUT_UNDER_WAY)
    return ROLLOUT.ok(subject, detail)


def judge_events(facts: Facts) -> Iterator[Finding]:
    """Yield the service's latest events."""
    if not isinstance(facts.service, Service):
        yield EVENTS.skip("events", "needs the service")
        return
    late = [item for item in facts.service.events if item.at >= facts.subject.since]
    for item in sorted(late, key=lambda event: event.at, reverse=True)[:_EVENTS]:
        at = f"{item.at:%H:%M:%S}"
        if _NO_ROOM.search(item.message):
            yield EVENTS.ng(at, item.message, Fault.CAPACITY, past=steady(facts))
        else:
            yield EVENTS.ok(at, item.message)
    if not late:
        yield EVENTS.ok("events", "none of late")


def judge_releases(facts: Facts) -> Iterator[Finding]:
    """Yield whether the last recorded release runs, and where a rollback leads."""
    found = facts.releases
    if isinstance(found, Unread):
        yield RELEASES.skip("records", found.reason)
        return
    if found.opened is not None:
        detail = (
            f"the rollout of {found.opened.release.name} began {found.opened.started_at:%Y-%m-%d %H:%M} UTC"
        )
        yield RELEASES.ng("open rollout", f"{detail}; its end is not recorded", Fault.ROLLOUT_UNDER_WAY)
    yield from _recorded(facts, found)


def _recorded(facts: Facts, found: Releases) -> Iterator[Finding]:
    if not found.records:
        yield RELEASES.skip("last release", "nothing was recorded yet")
        return
    last = found.records[0]
    detail = f"{last.release} ({last.kind}) ended as {last.outcome} at {last.ended_at:%Y-%m-%d %H:%M} UTC"
    yield RELEASES.ok("last release", detail)
    good = [item for item in found.records if item.outcome.good]
    if not isinstance(facts.service, Service) or not good:
        yield RELEASES.skip("what runs", "no good release is recorded" if not good else "needs the service")
        return
    live = facts.service.task_definition
    match = next((item for item in good if item.task_definition == live), None)
    if match is None:
        detail = f"{revision_name(live)} runs, which no record calls good"
        yield RELEASES.ng("what runs", detail, Fault.NOT_THE_RECORDED)
    else:
        yield RELEASES.ok("what runs", f"{match.release}, recorded as good")
    back = releases_back(found.records, live)
    other = next((item.release for item in back if item.task_definition != live), None)
    yield (
        RELEASES.ok("rollback", f"the last good release before: {other}")
        if other
        else RELEASES.skip("rollback", "no good release to go back to is recorded")
    )


STOPPED = Topic("stopped tasks")
LOGS = Topic("logs")
CONTAINER = Topic("container health check")
_LENGTH = 300


def judge_stopped(facts: Facts) -> Iterator[Finding]:
    """Yield one finding for each kind of stop, with its newest reason."""
    found = facts.tasks
    if isinstance(found, Unread):
        yield STOPPED.skip("tasks", found.reason)
        return
    service = facts.subject.outputs.service
    failed = [
        (fault_of(reason), task, reason) for task in found.stopped if (reason := why_stopped(task, service))
    ]
    for fault, group in groupby(sorted(failed, key=lambda item: item[0]), key=lambda item: item[0]):
        tasks = list(group)
        _, newest, reason = max(tasks, key=lambda item: item[1].created_at)
        detail = f"{len(tasks)} stopped, the newest ({newest.id[:8]}, {newest.created_at:%H:%M:%S}): {reason}"
        yield STOPPED.ng(_whose(newest, service), detail, fault, past=steady(facts))
    if not failed:
        yield STOPPED.ok("tasks", f"{len(found.stopped)} stopped of late, none for a fault")


def judge_logs(facts: Facts) -> Iterator[Finding]:
    """Yield the last error of the failed tasks, and the errors of the running ones."""
    found = facts.tasks
    if isinstance(found, Unread):
        yield LOGS.skip("logs", found.reason)
        return
    running = {task.id for task in found.running if task.last_status == "RUNNING"}
    for item in found.evidence:
        for container, lines in item.logs.items():
            yield _log_finding(
                f"{item.task[:8]} {container}",
                lines,
                failed=_failed(item.task, facts, found),
                running=item.task in running,
                facts=facts,
            )
    if not found.evidence:
        yield LOGS.skip("logs", "no task to read the log of")


def _log_finding(
    subject: str, lines: tuple[str, ...], *, failed: bool, running: bool, facts: Facts
) -> Finding:
    if not lines or lines[0].startswith("(no log"):
        return LOGS.skip(subject, lines[0] if lines else "it wrote nothing")
    error = find_error(lines, _LENGTH)
    if failed and (error or find_cause(lines)):
        return LOGS.ng(
            subject, error or find_cause(lines, _LENGTH), Fault.APPLICATION_EXITS, past=steady(facts)
        )
    errors = find_errors(lines, _LENGTH)
    if errors and running:
        text, count = max(errors.items(), key=lambda item: item[1])
        return LOGS.ng(subject, f"{text} ({count} times)", Fault.APPLICATION_ERRORS)
    return LOGS.ok(subject, error or lines[-1][:_LENGTH])


def _failed(task: str, facts: Facts, found: Tasks) -> bool:
    """Whether it is the application that ended the task: only then its last error says why."""
    stopped = (item for item in found.stopped if item.id == task)
    reasons = (why_stopped(item, facts.subject.outputs.service) or "" for item in stopped)
    return any(fault_of(reason) is Fault.APPLICATION_EXITS for reason in reasons)


def judge_container_health(facts: Facts) -> Iterator[Finding]:
    """Yield whether the container's own check asks the health path, and its results."""
    if isinstance(facts.definitions, Unread):
        yield CONTAINER.skip("definition", facts.definitions.reason)
    else:
        yield _defined(facts, facts.definitions.live)
    if isinstance(facts.tasks, Unread):
        yield CONTAINER.skip("tasks", facts.tasks.reason)
        return
    unhealthy = [task for task in facts.tasks.running if task.health == "UNHEALTHY"]
    if unhealthy:
        count = f"{len(unhealthy)} of {len(facts.tasks.running)}"
        detail = f"{count} running tasks are UNHEALTHY: {unhealthy[0].id[:8]}"
        yield CONTAINER.ng("tasks", detail, Fault.CONTAINER_UNHEALTHY)
    elif all(task.health == "UNKNOWN" for task in facts.tasks.running):
        yield CONTAINER.skip("tasks", "no result: no task, one that has just begun, or no health check")
    else:
        yield CONTAINER.ok("tasks", f"{len(facts.tasks.running)} running tasks, none UNHEALTHY")


def _defined(facts: Facts, live: Mapping[str, Any]) -> Finding:
    name, path = facts.subject.outputs.container, facts.subject.environment.health_path
    containers = [item for item in live.get("containerDefinitions", []) if item["name"] == name]
    command = " ".join((containers[0].get("healthCheck") or {}).get("command", [])) if containers else ""
    if not command:
        return CONTAINER.ng("definition", f"container {name} has no health check", Fault.HEALTH_SETTINGS)
    if path not in command:
        return CONTAINER.ng("definition", f"it does not ask {path}: {command}", Fault.HEALTH_SETTINGS)
    return CONTAINER.ok("definition", f"asks {path}")


def _whose(task: Task, service: str) -> str:
    revision = revision_name(task.task_definition)
    return f"{revision}, one-off {task.started_by}".rstrip() if one_off(task, service) else revision
