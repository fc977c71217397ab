"""Runs a one-off ECS task on a task definition, and finds it again after a crash."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import AwsError, calling
from pipeline.clock import Sleep, interval, pause
from pipeline.ecs import translate
from pipeline.ecs.model import OneOffTaskError, Task, TaskStatus, TaskUnknownError
from pipeline.ecs.service import describe_tasks, list_tasks

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import (
        AwsVpcConfigurationTypeDef,
        ContainerOverrideTypeDef,
        RunTaskRequestTypeDef,
        TaskOverrideTypeDef,
    )

OVERRIDES_LIMIT = 8192
"""Characters of JSON that RunTask's overrides may have (AWS ECS API reference, TaskOverride)."""
STARTED_BY_LIMIT = 128
"""Characters of ``startedBy`` (AWS ECS API reference, RunTask)."""
_ROOM = 120.0
"""Seconds for which a task is asked for again where there is no room: other tasks are about to end."""
_FULL = ("Capacity is unavailable", "reached the limit on the number of vCPUs")
"""What RunTask says then (Amazon ECS developer guide, "API failure reasons")."""
_VISIBILITY = 30.0
"""Seconds that a task which has just been started may be unknown (AWS ECS API reference, RunTask)."""


@dataclass(frozen=True)
class OneOff:
    """A task to run once. ``started_by`` is the key by which a second run finds it again."""

    cluster: str
    task_definition: str
    container: str
    started_by: str
    command: tuple[str, ...] | None = None
    """Replaces the image's command; None leaves it as it is."""
    environment: dict[str, str] = field(default_factory=dict)
    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()


def run_task_request(requested: OneOff) -> "RunTaskRequestTypeDef":
    """Build the RunTask request.

    Raises:
        OneOffTaskError: the overrides or ``started_by`` are longer than ECS accepts.
    """
    override: ContainerOverrideTypeDef = {"name": requested.container}
    if requested.command is not None:
        override["command"] = list(requested.command)
    if requested.environment:
        override["environment"] = [{"name": k, "value": v} for k, v in sorted(requested.environment.items())]
    overrides: TaskOverrideTypeDef = {"containerOverrides": [override]}
    size = len(json.dumps(overrides, separators=(",", ":")))
    if size > OVERRIDES_LIMIT:
        raise OneOffTaskError(f"The task's overrides have {size} characters; ECS accepts {OVERRIDES_LIMIT}.")
    if len(requested.started_by) > STARTED_BY_LIMIT:
        raise OneOffTaskError(
            f"startedBy {requested.started_by!r} is longer than {STARTED_BY_LIMIT} characters."
        )
    request: RunTaskRequestTypeDef = {
        "cluster": requested.cluster,
        "taskDefinition": requested.task_definition,
        "startedBy": requested.started_by,
        "launchType": "FARGATE",
        "count": 1,
        "overrides": overrides,
    }
    if requested.subnets:
        network: AwsVpcConfigurationTypeDef = {
            "subnets": list(requested.subnets),
            "securityGroups": list(requested.security_groups),
        }
        request["networkConfiguration"] = {"awsvpcConfiguration": network}
    return request


class OneOffTasks:
    """Starts, finds, watches and stops one-off tasks of a cluster."""

    def __init__(self, access: AwsAccess, cluster: str) -> None:
        self._ecs = access.client("ecs")
        self._cluster = cluster

    def find(self, started_by: str) -> Task | None:
        """Return the newest task of this key, running or stopped within the last hour.

        ListTasks wants ``startedBy`` alone and then lists running tasks only (ECS API reference), so the
        stopped ones are read and compared.
        """
        with calling(f"Looking for the task started by {started_by}"):
            running = self._ecs.list_tasks(cluster=self._cluster, startedBy=started_by)["taskArns"]
            pages = self._ecs.get_paginator("list_tasks").paginate(
                cluster=self._cluster, desiredStatus="STOPPED"
            )
            arns = [*running, *(arn for page in pages for arn in page["taskArns"])]
            found = [translate.task(raw) for raw in describe_tasks(self._ecs, self._cluster, arns)]
        ours = [task for task in found if task.started_by == started_by]
        return max(ours, key=lambda task: task.created_at, default=None)

    def start(
        self,
        requested: OneOff,
        sleep: Sleep = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> Task:
        """Start the task; return it as ECS answers. Where there is no room, ask for two minutes.

        Raises:
            OneOffTaskError: ECS could not place it.
            AwsError: ECS refused it, or has no room.
        """
        end = clock() + _ROOM
        while True:
            try:
                return self._start(requested)
            except (AwsError, OneOffTaskError) as error:
                if clock() >= end or not any(text in str(error) for text in _FULL):
                    raise
            pause(5, sleep)

    def _start(self, requested: OneOff) -> Task:
        with calling(f"Running a one-off task on {requested.task_definition}"):
            answer = self._ecs.run_task(**run_task_request(requested))
        if not answer["tasks"]:
            reasons = "; ".join(str(item.get("reason", item)) for item in answer.get("failures", []))
            raise OneOffTaskError(f"ECS did not start a task on {requested.task_definition}: {reasons}")
        return translate.task(answer["tasks"][0])

    def start_or_join(self, requested: OneOff) -> Task:
        """Start the task unless one of the same key, begun by a run that was killed, runs still."""
        found = self.find(requested.started_by)
        return self.start(requested) if found is None or ended(found, requested.container) else found

    def left_behind(self, *started_by: str) -> tuple[Task, ...]:
        """Return the tasks at work whose key begins so, those among them that are told to end."""
        statuses: tuple[TaskStatus, ...] = ("RUNNING", "STOPPED")
        with calling(f"Looking for tasks started by {' or '.join(started_by)}"):
            found = [
                translate.task(raw)
                for status in statuses
                for raw in list_tasks(self._ecs, cluster=self._cluster, desiredStatus=status)
            ]
        return tuple(task for task in found if task.started_by.startswith(started_by) and not ended(task))

    def describe(self, arn: str) -> Task:
        """Return the task as it is now.

        Raises:
            TaskUnknownError: right after its start (eventual consistency), or an hour after its end.
        """
        with calling(f"Describing task {arn}"):
            found = self._ecs.describe_tasks(cluster=self._cluster, tasks=[arn])["tasks"]
        if not found:
            raise TaskUnknownError(f"ECS does not know task {arn}; run the same command again.")
        return translate.task(found[0])

    def stop(self, arn: str, reason: str) -> None:
        """Stop the task; a task that has stopped already is fine."""
        with calling(f"Stopping task {arn}"):
            self._ecs.stop_task(cluster=self._cluster, task=arn, reason=reason[:255])


def wait_until(
    read: Callable[[], Task],
    done: Callable[[Task], bool],
    timeout: float,
    sleep: Sleep = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Task:
    """Poll a task until ``done``; API errors are asked again until ``timeout`` seconds have passed.

    Raises:
        OneOffTaskError: out of time, or ECS does not know the task for half a minute.
        AwsError: out of time, and the API did not answer at the end; or one that is final.
    """
    began = clock()
    end = began + timeout
    while True:
        try:
            task = read()
        except (AwsError, TaskUnknownError) as error:
            if clock() >= began + _patience(error, timeout):
                raise
        else:
            if done(task):
                return task
            if clock() >= end:
                raise OneOffTaskError(
                    f"Task {task.id} is still {task.last_status} after {timeout:.0f} s. "
                    "Look at its logs; it is not stopped by itself."
                )
        pause(interval(clock() - began), sleep)


def _patience(error: AwsError | TaskUnknownError, timeout: float) -> float:
    """Seconds for which an error is asked again."""
    if isinstance(error, TaskUnknownError):
        return min(timeout, _VISIBILITY)
    return 0 if error.final else timeout


def stopped(task: Task) -> bool:
    """Whether a task is gone."""
    return task.last_status == "STOPPED"


def ended(task: Task, container: str = "") -> bool:
    """Whether a task's named container, or each, has ended: 20 s before the task is gone, on Fargate."""
    asked = [item for item in task.containers if container in ("", item.name)]
    codes = [item.exit_code for item in asked if item.last_status == "STOPPED"]
    return stopped(task) or (codes != [] and len(codes) == len(asked) and None not in codes)


def failure(task: Task, container: str) -> str | None:
    """Reason of an ended task's failure; None for exit code 0. No exit code at all is a failure."""
    found = next((item for item in task.containers if item.name == container), None)
    if found is not None and found.exit_code == 0:
        return None
    code = "no exit code" if found is None or found.exit_code is None else f"exit code {found.exit_code}"
    details = [task.stop_code, task.stopped_reason, found.reason if found else ""]
    return ": ".join([code, *filter(None, details)])
