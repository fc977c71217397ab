"""Facts of an ECS service, in our own types. Times are aware UTC datetimes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pipeline.errors import PipelineError


class Outcome(StrEnum):
    """The end of a rollout; every one has its own message and its own next step."""

    SUCCEEDED = "SUCCEEDED"
    NO_CHANGE = "NO_CHANGE"
    ROLLED_BACK = "ROLLED_BACK"
    FAILED = "FAILED"
    SUPERSEDED = "SUPERSEDED"
    TIMED_OUT = "TIMED_OUT"
    UNHEALTHY = "UNHEALTHY"
    UNKNOWN = "UNKNOWN"

    @property
    def good(self) -> bool:
        """Whether the wanted release runs and is healthy."""
        return self in (Outcome.SUCCEEDED, Outcome.NO_CHANGE)

    @property
    def advice(self) -> str:
        """One sentence that says what to do."""
        return _ADVICE[self]


_ADVICE = {
    Outcome.SUCCEEDED: "Nothing to do.",
    Outcome.NO_CHANGE: "Nothing to do: this release was running already.",
    Outcome.ROLLED_BACK: "Correct the cause and deploy again.",
    Outcome.FAILED: "Correct the cause and deploy again.",
    Outcome.SUPERSEDED: "Somebody else changed the service; look at who, then deploy again if still wanted.",
    Outcome.TIMED_OUT: "It is still moving, which proves no failure; deploy again to go on watching.",
    Outcome.UNHEALTHY: "Correct the cause and deploy again; diagnose looks further.",
    Outcome.UNKNOWN: "ECS could not be reached; nothing was undone. Deploy again to find out and go on.",
}


class EcsError(PipelineError):
    """An ECS operation could not be done."""


class OneOffTaskError(EcsError):
    """A one-off task did not start, or ended with anything but exit code 0."""


class TaskUnknownError(OneOffTaskError):
    """ECS does not know the task: not yet, or no longer."""


TaskStatus = Literal["RUNNING", "STOPPED"]
"""The status that ECS desires of a task; of stopped ones it knows the last hour's."""


@dataclass(frozen=True)
class Deployment:
    """One entry of DescribeServices' ``deployments``; the counts are this deployment's own."""

    id: str
    status: str
    """PRIMARY, ACTIVE or INACTIVE."""
    task_definition: str
    rollout_state: str
    """IN_PROGRESS, COMPLETED or FAILED; "" where the service does not report one."""
    rollout_reason: str
    desired: int
    running: int
    pending: int
    failed: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class ServiceEvent:
    """A line of the service's event log."""

    id: str
    at: datetime
    message: str


@dataclass(frozen=True)
class Service:
    """One answer of DescribeServices."""

    name: str
    status: str
    """ACTIVE, DRAINING or INACTIVE."""
    desired: int
    task_definition: str
    deployments: tuple[Deployment, ...]
    breaker_rolls_back: bool
    events: tuple[ServiceEvent, ...] = ()
    configuration: Mapping[str, Any] = field(default_factory=dict)
    """How ECS deploys, as it describes it: an update sends all of it."""
    alarms: tuple[str, ...] = ()
    """Alarms by which ECS judges a deployment, for a while after all its tasks run (the bake time)."""
    alarms_roll_back: bool = False
    strategy: str = "ROLLING"
    """ROLLING, BLUE_GREEN, LINEAR or CANARY."""
    controller: str = "ECS"
    """Whose the deployments are: ECS, CODE_DEPLOY or EXTERNAL."""

    @property
    def rolls_back(self) -> bool:
        """Whether ECS takes a failed deployment back by itself."""
        return self.breaker_rolls_back or self.alarms_roll_back

    @property
    def primary(self) -> Deployment | None:
        """The deployment that the service is moving to, or has reached."""
        return next((item for item in self.deployments if item.status == "PRIMARY"), None)

    def deployment(self, deployment_id: str) -> Deployment | None:
        """Find a deployment by its id."""
        return next((item for item in self.deployments if item.id == deployment_id), None)


@dataclass(frozen=True)
class Container:
    """One container of a task."""

    name: str
    last_status: str
    image: str
    image_digest: str | None
    exit_code: int | None
    reason: str
    health: str
    """HEALTHY, UNHEALTHY or UNKNOWN (no health check, or no result yet)."""


@dataclass(frozen=True)
class Task:
    """One answer of DescribeTasks."""

    arn: str
    task_definition: str
    started_by: str
    last_status: str
    health: str
    created_at: datetime
    stop_code: str
    stopped_reason: str
    address: str | None
    """Private IPv4 address, by which target groups know the task."""
    containers: tuple[Container, ...]

    @property
    def id(self) -> str:
        """Last part of the ARN."""
        return self.arn.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Target:
    """One answer of DescribeTargetHealth."""

    group: str
    address: str
    port: int
    state: str
    """initial, healthy, unhealthy, unused, draining or unavailable."""
    reason: str
    description: str


def revision_name(task_definition: str) -> str:
    """Return FAMILY:REVISION of a task definition's ARN."""
    return task_definition.rsplit("/", 1)[-1]
