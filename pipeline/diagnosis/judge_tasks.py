"""Judges tasks: why they stopped, what they wrote, and their container health checks. Pure."""

import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from pipeline.diagnosis.classify import fault_of
from pipeline.diagnosis.facts import Facts, Tasks
from pipeline.diagnosis.judge_service import steady
from pipeline.diagnosis.model import Fault, Finding, Topic, Unread
from pipeline.diagnosis.stops import one_off, why_stopped
from pipeline.ecs.model import Task

STOPPED = Topic("stopped tasks")
LOGS = Topic("logs")
CONTAINER = Topic("container health check")
_ERROR = re.compile(r"\b(ERROR|CRITICAL|FATAL|\w*(Exception|Error)):?\b")
_LENGTH = 300


def judge_stopped(facts: Facts) -> Iterator[Finding]:
    """Why did tasks stop? One finding for each kind of fault, with its newest reason."""
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
        told = f"{len(tasks)} stopped, the newest ({newest.id[:8]}, {newest.created_at:%H:%M:%S}): {reason}"
        yield STOPPED.ng(_whose(newest, service), told, fault, past=steady(facts))
    if not failed:
        yield STOPPED.ok("tasks", f"{len(found.stopped)} stopped of late, none for a fault")


def judge_logs(facts: Facts) -> Iterator[Finding]:
    """What did the tasks that failed write last; or those that run, where none failed?"""
    found = facts.tasks
    if isinstance(found, Unread):
        yield LOGS.skip("logs", found.reason)
        return
    for item in found.evidence:
        for container, lines in item.logs.items():
            yield _told(
                f"{item.task[:8]} {container}", lines, failed=_failed(item.task, facts, found), facts=facts
            )
    if not found.evidence:
        yield LOGS.skip("logs", "no task to read the log of")


def _told(subject: str, lines: tuple[str, ...], *, failed: bool, facts: Facts) -> Finding:
    if not lines or lines[0].startswith("(no log"):
        return LOGS.skip(subject, lines[0] if lines else "nothing was written")
    errors = [line for line in lines if _ERROR.search(line)]
    last = (errors or list(lines))[-1][:_LENGTH]
    if failed and errors:
        return LOGS.ng(subject, last, Fault.APPLICATION_EXITS, past=steady(facts))
    return LOGS.ok(subject, last)


def _failed(task: str, facts: Facts, found: Tasks) -> bool:
    """Whether it is the application that ended the task: only then its last error says why."""
    stopped = (item for item in found.stopped if item.id == task)
    reasons = (why_stopped(item, facts.subject.outputs.service) or "" for item in stopped)
    return any(fault_of(reason) is Fault.APPLICATION_EXITS for reason in reasons)


def judge_container_health(facts: Facts) -> Iterator[Finding]:
    """Does the container's own check ask the health path, and what came of it?"""
    if isinstance(facts.definitions, Unread):
        yield CONTAINER.skip("definition", facts.definitions.reason)
    else:
        yield _defined(facts, facts.definitions.live)
    if isinstance(facts.tasks, Unread):
        yield CONTAINER.skip("tasks", facts.tasks.reason)
        return
    ill = [task for task in facts.tasks.running if task.health == "UNHEALTHY"]
    if ill:
        told = f"{len(ill)} of {len(facts.tasks.running)} running tasks are UNHEALTHY: {ill[0].id[:8]}"
        yield CONTAINER.ng("tasks", told, Fault.CONTAINER_UNHEALTHY)
    elif all(task.health == "UNKNOWN" for task in facts.tasks.running):
        yield CONTAINER.skip("tasks", "no result: no running task, one that has just begun, or an emulator")
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
    revision = task.task_definition.rsplit("/", 1)[-1]
    return f"{revision}, one-off {task.started_by}".rstrip() if one_off(task, service) else revision
