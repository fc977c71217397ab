"""Collects why a rollout failed: stop reasons, exit codes, last log lines, target health, events."""

import time
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import AwsError, calling
from pipeline.delivery.model import Alarm, Evidence, TaskEvidence, Verification
from pipeline.delivery.running import RunningLogs, read_running
from pipeline.ecs.gates import belongs
from pipeline.ecs.model import Outcome, Task
from pipeline.ecs.registry import TaskDefinitions
from pipeline.ecs.rollout import failure_reason
from pipeline.ecs.service import EcsService
from pipeline.log_cause import READ_LINES
from pipeline.outputs import Outputs
from pipeline.release.model import Rollout

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import MetricAlarmTypeDef
    from mypy_boto3_logs.type_defs import GetLogEventsRequestTypeDef


_NAMES = 100
"""Alarms that one DescribeAlarms call may name (Amazon CloudWatch API reference)."""


def read_alarms(access: AwsAccess, names: Iterable[str]) -> tuple[Alarm, ...]:
    """Return how these alarms are.

    Raises:
        AwsError: CloudWatch does not tell.
    """
    requested = list(names)
    if not requested:
        return ()
    client = access.client("cloudwatch")
    with calling("Describing the environment's alarms"):
        found = [
            item
            for start in range(0, len(requested), _NAMES)
            for item in client.describe_alarms(
                AlarmNames=requested[start : start + _NAMES], MaxRecords=_NAMES, AlarmTypes=["MetricAlarm"]
            )["MetricAlarms"]
        ]
    return tuple(
        Alarm(item["AlarmName"], item["StateValue"], _since(item), item.get("StateReason", ""))
        for item in found
    )


def with_alarms(
    found: Verification, alarms: Iterable[Alarm], began: datetime, telling: Collection[str]
) -> Verification:
    """Return what the gates found, UNHEALTHY where one of the ``telling`` went off since it ``began``.

    Those are the alarms that a bad release sets off. Any other, and one that went off earlier, is named, but
    does not count against this release. Insufficient data proves nothing.
    """
    red = [alarm for alarm in alarms if alarm.state == "ALARM"]
    ours = [alarm.name for alarm in red if alarm.since >= began and alarm.name in telling]
    older = [alarm.name for alarm in red if alarm.name not in ours]
    before = f" In alarm, and not by this release: {', '.join(older)}." if older else ""
    if ours and found.outcome is Outcome.SUCCEEDED:
        message = f"In alarm since the rollout began: {', '.join(ours)}.{before}"
        return replace(found, outcome=Outcome.UNHEALTHY, message=message, final=True)
    return replace(found, message=found.message + before)


def _since(item: "MetricAlarmTypeDef") -> datetime:
    """Return when the state changed; ``StateUpdatedTimestamp`` alone also moves without a change."""
    return item.get("StateTransitionedTimestamp") or item["StateUpdatedTimestamp"]


ALL_LINES = 10_000
"""As many as GetLogEvents gives at once (CloudWatch Logs API reference)."""
_PAGES = 100
"""Most pages of one stream; each goes back an hour or more, where nothing was written."""
LOG_LAG = 6.0
"""Seconds that the last lines of a container may take: awslogs sends every five."""


class TaskLogs:
    """Reads the newest lines of a task's log streams.

    awslogs names a stream PREFIX/CONTAINER/TASK-ID with the prefix of the container's own definition (Amazon
    ECS developer guide, "Send Amazon ECS logs to CloudWatch").
    """

    def __init__(self, access: AwsAccess, log_group: str) -> None:
        self._logs = access.client("logs")
        self._definitions = TaskDefinitions(access)
        self._group = log_group

    def tail(
        self,
        task: Task,
        container: str,
        limit: int = READ_LINES,
        since: datetime | None = None,
        *,
        patient: bool = True,
    ) -> tuple[str, ...]:
        """Return the last lines (since then), oldest first; one line that says why where they cannot be read.

        A stream is made with the first line: a task without one has written nothing. The lines of one that
        has just ended may be under way, which is waited for where ``patient``.
        """
        return self._read(task, container, limit, since, head=False, patience=LOG_LAG if patient else 0)

    def whole(self, task: Task, container: str) -> tuple[str, ...]:
        """Return all lines, as ``tail`` returns the last."""
        return self._read(task, container, None, None, head=True, patience=LOG_LAG)

    def _read(
        self,
        task: Task,
        container: str,
        limit: int | None,
        since: datetime | None,
        *,
        head: bool,
        patience: float,
    ) -> tuple[str, ...]:
        """Read; where the container has ended, and so has written most likely, its lines may be under way."""
        ran = any(item.exit_code is not None for item in task.containers if item.name == container)
        end = time.monotonic() + (patience if ran else 0)
        while True:
            try:
                stream = f"{self._prefix(task, container)}/{container}/{task.id}"
                lines = self._lines(stream, limit, since, head=head)
            except (AwsError, ClientError, BotoCoreError) as error:
                lines = () if "log stream does not exist" in str(error) else (f"(no log: {error})",)
            if lines or time.monotonic() >= end:
                return lines
            time.sleep(0.5)

    def _prefix(self, task: Task, container: str) -> str:
        definition, _ = self._definitions.read(task.task_definition)
        configurations = (
            item.get("logConfiguration", {})
            for item in definition["containerDefinitions"]
            if item["name"] == container
        )
        return next(
            (str(item.get("options", {}).get("awslogs-stream-prefix")) for item in configurations), ""
        )

    def _lines(
        self, stream: str, limit: int | None, since: datetime | None, *, head: bool
    ) -> tuple[str, ...]:
        """Read page after page, forwards from the head or backwards, until enough or the token repeats.

        A page may be empty while there are more (Amazon CloudWatch Logs API reference, GetLogEvents).
        """
        asked: GetLogEventsRequestTypeDef = {
            "logGroupName": self._group,
            "logStreamName": stream,
            "limit": limit or ALL_LINES,
            "startFromHead": head,
        }
        if since:
            asked["startTime"] = int(since.timestamp() * 1000)
        lines: list[str] = []
        for _ in range(_PAGES):
            answer = self._logs.get_log_events(**asked)
            page = [str(event["message"]).rstrip() for event in answer["events"]]
            lines = [*lines, *page] if head else [*page, *lines]
            token = answer["nextForwardToken" if head else "nextBackwardToken"]
            if token == asked.get("nextToken") or (limit and len(lines) >= limit):
                break
            asked["nextToken"] = token
        return tuple(lines[-(limit or 0) :])


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
        alarms=service.triggered_alarms(since),
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


_READ_TASKS = 5


def read_release(service: EcsService, logs: TaskLogs, rollout: Rollout, since: datetime) -> RunningLogs:
    """Return what the tasks of a rollout wrote since then, and which of them ended by themselves.

    Raises:
        AwsError: ECS does not tell its tasks.
    """
    found = service.describe()
    ours = found.deployment(rollout.deployment_id) if found else None
    if ours is None:
        return RunningLogs()
    running = [task for task in service.tasks("RUNNING") if belongs(task, ours)]
    ended = [
        f"task {task.id}: {reason}"
        for task in service.tasks("STOPPED")
        if belongs(task, ours) and task.created_at >= since and (reason := failure_reason(task))
    ]
    return read_running(_lines(logs, running, since), ended)


def read_before(service: EcsService, logs: TaskLogs, rollout: Rollout) -> RunningLogs:
    """Return what the tasks of the release before wrote; ECS shows them for an hour after their end.

    Raises:
        AwsError: ECS does not tell its tasks.
    """
    previous = rollout.previous.task_definition if rollout.previous else ""
    tasks = [
        task
        for status in ("RUNNING", "STOPPED")
        for task in service.tasks(status)
        if task.task_definition == previous != rollout.release.task_definition
    ]
    return read_running(_lines(logs, tasks))


def _lines(logs: TaskLogs, tasks: list[Task], since: datetime | None = None) -> list[tuple[str, ...]]:
    return [
        logs.tail(task, item.name, ALL_LINES, since)
        for task in tasks[:_READ_TASKS]
        for item in task.containers
    ]
