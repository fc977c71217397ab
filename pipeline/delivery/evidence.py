"""Collects why a rollout failed: stop reasons, exit codes, last log lines, target health, events."""

from dataclasses import dataclass
from datetime import datetime

from botocore.exceptions import BotoCoreError, ClientError
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from pipeline.aws import AwsAccess, AwsError
from pipeline.ecs.model import Task
from pipeline.ecs.rollout import failure_reason
from pipeline.ecs.service import EcsService
from pipeline.outputs import Outputs

LOG_LINES = 50
_TASKS_SHOWN = 3
_LOG_LAG = 3.0
"""Seconds that the log driver may take to make the stream of a task that has just ended."""


@dataclass(frozen=True)
class TaskEvidence:
    """Why one task stopped, and the last lines that each of its containers wrote."""

    task: str
    reason: str
    logs: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Evidence:
    """Everything that speaks for the cause of a failed rollout."""

    tasks: tuple[TaskEvidence, ...]
    targets: tuple[str, ...]
    events: tuple[str, ...]
    gaps: tuple[str, ...]
    """What could not be collected, and why."""

    @property
    def headline(self) -> str:
        """The likeliest reason in one line, or ""."""
        reasons = [item.reason for item in self.tasks if item.reason]
        return next(iter(reasons + list(self.targets)), "")

    def lines(self) -> list[str]:
        """Return all of it as lines of text."""
        found = []
        for item in self.tasks:
            found.append(f"Task {item.task}: {item.reason}")
            found += [f"  {name} | {line}" for name, lines in item.logs.items() for line in lines]
        found += [f"Target {line}" for line in self.targets]
        found += [f"Event {line}" for line in self.events]
        return found + [f"Not collected: {gap}" for gap in self.gaps]


def collect_evidence(
    access: AwsAccess, service: EcsService, outputs: Outputs, task_definition: str, since: datetime
) -> Evidence:
    """Collect what is known of the tasks of ``task_definition``; what fails becomes a gap, not an error."""
    gaps: list[str] = []
    tasks = _tasks(service, task_definition, since, gaps)
    logs = TaskLogs(access, outputs.log_group, outputs.container)
    return Evidence(
        tasks=tuple(_task_evidence(task, logs) for task in tasks[:_TASKS_SHOWN]),
        targets=_targets(service, outputs.target_group_arns, gaps),
        events=_events(service, since, gaps),
        gaps=tuple(gaps),
    )


class TaskLogs:
    """Reads the newest lines of a task's log streams, which awslogs names PREFIX/CONTAINER/TASK-ID."""

    def __init__(self, access: AwsAccess, log_group: str, prefix: str) -> None:
        self._logs = access.client("logs")
        self._group = log_group
        self._prefix = prefix

    def tail(self, task_id: str, container: str, limit: int = LOG_LINES) -> tuple[str, ...]:
        """Return the last lines, oldest first; one line that says why where they cannot be read."""
        stream = f"{self._prefix}/{container}/{task_id}"
        attempts = Retrying(
            retry=retry_if_exception_type(self._logs.exceptions.ResourceNotFoundException),
            stop=stop_after_delay(_LOG_LAG),
            wait=wait_fixed(0.5),
            reraise=True,
        )
        try:
            answer = attempts(
                self._logs.get_log_events,
                logGroupName=self._group,
                logStreamName=stream,
                limit=limit,
                startFromHead=False,
            )
        except (ClientError, BotoCoreError) as error:
            return (f"(no log: {error})",)
        return tuple(str(event["message"]).rstrip() for event in answer["events"])


def _task_evidence(task: Task, logs: TaskLogs) -> TaskEvidence:
    lines = {item.name: logs.tail(task.id, item.name) for item in task.containers}
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
