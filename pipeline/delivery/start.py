"""Begins a rollout, or finds the one that an earlier, killed run began: never a second one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from pipeline.ecs.errors import EcsError, RolloutInProgressError
from pipeline.ecs.gates import belongs
from pipeline.ecs.model import Deployment, Service, Task, TaskStatus
from pipeline.ecs.rollout import Attempt, Previous
from pipeline.release.model import OpenAttempt


class StartKind(StrEnum):
    """How a rollout came to be watched."""

    NEW = "new"
    REATTACHED = "re-attached"
    NO_CHANGE = "no change"


@dataclass(frozen=True)
class WantedRollout:
    """What the service shall run."""

    release: str
    task_definition: str
    image_digest: str
    container: str
    desired_count: int
    """Tasks to start where the service has none yet; otherwise its own count stays."""
    timeout: timedelta
    take_over: bool = False
    """Whether to go on although somebody else's rollout is under way."""
    flow_run: str = ""
    force: bool = False
    """Whether to start new tasks although the definition is the present one: for new secret values."""


@dataclass(frozen=True)
class Started:
    """A rollout to watch, and how it came to be."""

    attempt: Attempt
    kind: StartKind


class RolloutService(Protocol):
    """What starting a rollout asks of a service."""

    def require(self) -> Service:
        """Return the service or raise."""

    def tasks(self, status: TaskStatus = ...) -> tuple[Task, ...]:
        """Return the service's tasks of one desired status."""

    def update(self, task_definition: str, desired: int | None = ..., *, force: bool = ...) -> Deployment:
        """Move the service to a task definition."""


class AttemptStore(Protocol):
    """Where the rollout under way is written down."""

    def open_attempt(self) -> OpenAttempt | None:
        """Return the rollout whose end is not recorded yet."""

    def write_open_attempt(self, attempt: OpenAttempt) -> None:
        """Write down that a rollout has begun."""


def start_rollout(
    service: RolloutService, store: AttemptStore, wanted: WantedRollout, now: datetime
) -> Started:
    """Begin the rollout, or re-attach to it when an earlier run began it.

    The attempt is written down before UpdateService and again with the id of its response, so a run that
    is killed in between is recognised by the task definition.

    Raises:
        RolloutInProgressError: somebody else's rollout is under way and ``take_over`` is off.
        ServiceMissingError, AwsError: as ``service`` raises them.
    """
    present = service.require()
    primary = _primary(present)
    opened = store.open_attempt()
    if opened is not None and not wanted.force and _continues(opened, primary, wanted):
        return Started(_attempt_of(opened, primary.id, wanted, now), StartKind.REATTACHED)
    _refuse_alien(primary, opened, wanted)
    attempt = _open(wanted, primary, _running_digest(service, present, primary, wanted), now)
    store.write_open_attempt(attempt)
    desired = wanted.desired_count if present.desired == 0 else None
    failed_before = primary.rollout_state == "FAILED"  # without force, ECS would start nothing
    started = service.update(wanted.task_definition, desired, force=failed_before or wanted.force)
    attempt = attempt.model_copy(update={"deployment_id": started.id})
    store.write_open_attempt(attempt)
    unchanged = started.id == primary.id and present.desired > 0
    return Started(
        _attempt_of(attempt, started.id, wanted, now), StartKind.NO_CHANGE if unchanged else StartKind.NEW
    )


def _primary(service: Service) -> Deployment:
    if service.primary is None:
        raise EcsError(f"ECS lists no PRIMARY deployment of {service.name}; run again in a minute.")
    return service.primary


def _continues(opened: OpenAttempt, primary: Deployment, wanted: WantedRollout) -> bool:
    """Whether PRIMARY is what an earlier run of this same release began."""
    if opened.task_definition != wanted.task_definition:
        return False
    if opened.deployment_id is not None:
        return primary.id == opened.deployment_id
    began = primary.id != opened.previous_deployment_id
    return began and primary.task_definition == opened.task_definition


def _refuse_alien(primary: Deployment, opened: OpenAttempt | None, wanted: WantedRollout) -> None:
    """Refuse while a rollout is under way that no earlier, dead run of this pipeline began."""
    ours = opened is not None and primary.task_definition == opened.task_definition
    if primary.rollout_state != "IN_PROGRESS" or primary.desired == 0 or ours or wanted.take_over:
        return
    raise RolloutInProgressError(
        f"Deployment {primary.id} on {primary.task_definition} is rolling out, and not by this pipeline. "
        "Wait for its end, or run again with take_over."
    )


def _open(wanted: WantedRollout, primary: Deployment, digest: str | None, now: datetime) -> OpenAttempt:
    """Describe the attempt; a service without tasks has nothing that ECS could roll back to."""
    return OpenAttempt(
        release=wanted.release,
        task_definition=wanted.task_definition,
        image_digest=wanted.image_digest,
        previous_deployment_id=primary.id,
        previous_task_definition=primary.task_definition if digest or primary.running else None,
        previous_image_digest=digest,
        started_at=now,
        flow_run=wanted.flow_run,
    )


def _attempt_of(opened: OpenAttempt, deployment_id: str, wanted: WantedRollout, now: datetime) -> Attempt:
    """Return what to watch; a run that re-attaches has the whole time again."""
    previous = (
        Previous(
            opened.previous_deployment_id or "",
            opened.previous_task_definition,
            opened.previous_image_digest,
        )
        if opened.previous_task_definition
        else None
    )
    return Attempt(
        deployment_id=deployment_id,
        task_definition=wanted.task_definition,
        image_digest=wanted.image_digest,
        previous=previous,
        started_at=opened.started_at,
        deadline=now + wanted.timeout,
    )


def _running_digest(
    service: RolloutService, present: Service, primary: Deployment, wanted: WantedRollout
) -> str | None:
    return _digest(service.tasks(), primary, wanted.container) if present.desired else None


def _digest(tasks: tuple[Task, ...], deployment: Deployment, container: str) -> str | None:
    digests = (
        item.image_digest
        for task in tasks
        if belongs(task, deployment)
        for item in task.containers
        if item.name == container and item.image_digest
    )
    return next(digests, None)
