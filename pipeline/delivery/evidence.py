"""Collects why a rollout failed: stop reasons, exit codes, last log lines, target health, events."""

from datetime import datetime, timedelta

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import AwsError
from pipeline.delivery.model import Evidence, TaskEvidence
from pipeline.delivery.task_logs import TaskLogs
from pipeline.ecs.model import Task
from pipeline.ecs.rollout import failure_reason
from pipeline.ecs.service import EcsService
from pipeline.outputs import Outputs

_TASKS_SHOWN = 3
_SKEW = timedelta(minutes=1)
"""What the worker's clock may be ahead of ECS's, whose times may also be whole seconds."""


def collect_evidence(
    access: AwsAccess, service: EcsService, outputs: Outputs, task_definition: str, since: datetime
) -> Evidence:
    """Collect what is known of the tasks of ``task_definition``; what fails becomes a gap, not an error."""
    gaps: list[str] = []
    since -= _SKEW
    tasks = _tasks(service, task_definition, since, gaps)
    logs = TaskLogs(access, outputs.log_group)
    return Evidence(
        tasks=tuple(_task_evidence(task, logs) for task in tasks[:_TASKS_SHOWN]),
        targets=_targets(service, outputs.target_group_arns, gaps),
        events=_events(service, since, gaps),
        gaps=tuple(gaps),
    )


def _task_evidence(task: Task, logs: TaskLogs) -> TaskEvidence:
    lines = {item.name: logs.tail(task, item.name) for item in task.containers}
    reason = failure_reason(task) or f"{task.last_status}, health {task.health}"
    return TaskEvidence(task.id, reason, lines)


def _tasks(service: EcsService, task_definition: str, since: datetime, gaps: list[str]) -> list[Task]:
    """Return the tasks of the failed revision, stopped ones first, newest first."""
    try:
        found = [*service.tasks("STOPPED"), *service.tasks("RUNNING")]
    except AwsError as error:
        gaps.append(str(error))
        return []
    ours = [task for task in found if task.task_definition == task_definition and task.created_at >= since]
    failed_first = sorted(ours, key=lambda task: task.created_at, reverse=True)
    return sorted(failed_first, key=lambda task: failure_reason(task) is None)


def _targets(service: EcsService, groups: tuple[str, ...], gaps: list[str]) -> tuple[str, ...]:
    try:
        health = service.targets(groups)
    except AwsError as error:
        gaps.append(str(error))
        return ()
    return tuple(
        f"{target.address}:{target.port} is {target.state}: {target.reason} {target.description}".rstrip()
        for targets in health.values()
        for target in targets
        if target.state != "healthy"
    )


def _events(service: EcsService, since: datetime, gaps: list[str]) -> tuple[str, ...]:
    try:
        found = service.describe()
    except AwsError as error:
        gaps.append(str(error))
        return ()
    events = found.events if found else ()
    return tuple(f"{event.at:%H:%M:%S} {event.message}" for event in events if event.at >= since)
