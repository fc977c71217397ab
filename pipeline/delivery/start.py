"""Begins a rollout, or finds the one that an earlier, killed run began: never a second one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, cast

from pipeline.ecs.gates import belongs
from pipeline.ecs.model import Deployment, EcsError, Service, Task
from pipeline.ecs.service import EcsService
from pipeline.release.model import Previous, Release, Rollout
from pipeline.release.store import ReleaseStore

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import DeploymentConfigurationTypeDef


class StartKind(StrEnum):
    """Origin of a rollout that is watched."""

    NEW = "new"
    REATTACHED = "re-attached"
    NO_CHANGE = "no change"


@dataclass(frozen=True)
class RolloutRequest:
    """The release and size that a service is to have."""

    release: Release
    container: str
    desired_count: int
    """Tasks to start where the service has none yet; otherwise its own count stays."""
    timeout: timedelta
    take_over: bool = False
    """Whether to go on although somebody else's rollout is under way."""
    flow_run: str = ""
    force: bool = False
    """Whether to start new tasks although the definition is the present one: for new secret values."""
    kind: str = "deploy"
    """deploy, rollback or restart."""
    placeholder: str | None = None
    """Terraform's own task definition, which is no release: ECS goes back to it where the first one fails."""
    asks_first: bool = False
    """Whether ECS must not go back by itself: a person decides, as irreversible migrations ran."""


@dataclass(frozen=True)
class Started:
    """A rollout to watch, and how it came to be."""

    rollout: Rollout
    deadline: datetime
    kind: StartKind
    since: datetime
    """When the deployment began."""


def start_rollout(
    service: EcsService, store: ReleaseStore, requested: RolloutRequest, now: datetime
) -> Started:
    """Begin the rollout, or re-attach to it when an earlier run began it.

    The rollout is written down before UpdateService and again with the id of its response, so a run that
    is killed in between is recognised by the task definition.

    Raises:
        EcsError: somebody else's rollout is under way and ``take_over`` is off.
        EcsError, AwsError: as ``service`` raises them.
    """
    present, deadline = service.require(), now + requested.timeout
    primary = _primary(present)
    opened = store.open_rollout()
    if opened is not None and _continues(opened, primary, requested):
        found = opened.model_copy(update={"release": requested.release, "deployment_id": primary.id})
        return Started(found, deadline, StartKind.REATTACHED, opened.started_at)
    _refuse_alien(primary, opened, requested, store)
    held_before = opened is not None and opened.holds_rollback
    digest = _running_digest(service, present, primary, requested)
    rollout = _open(requested, present, primary, digest, now, held_before=held_before)
    store.write_open_rollout(rollout)
    desired = requested.desired_count if present.desired == 0 else None
    failed_before = primary.rollout_state == "FAILED"  # without force, ECS would start nothing
    started = service.update(
        requested.release.task_definition,
        desired,
        force=failed_before or requested.force,
        configuration=rollback_setting(present, on=not rollout.holds_rollback)
        if rollout.holds_rollback or held_before
        else None,
    )
    rollout = rollout.model_copy(update={"deployment_id": started.id})
    store.write_open_rollout(rollout)
    unchanged = started.id == primary.id and present.desired > 0
    if unchanged:
        return Started(rollout, deadline, StartKind.NO_CHANGE, primary.created_at)
    return Started(rollout, deadline, StartKind.NEW, now)


def _primary(service: Service) -> Deployment:
    if service.primary is None:
        raise EcsError(f"ECS lists no PRIMARY deployment of {service.name}; run again in a minute.")
    return service.primary


def _continues(opened: Rollout, primary: Deployment, requested: RolloutRequest) -> bool:
    """Whether PRIMARY is what an earlier run of this same release began, and wants to be watched."""
    definition = opened.release.task_definition
    if definition != requested.release.task_definition:
        return False
    if requested.force and (opened.kind != requested.kind or primary.rollout_state != "IN_PROGRESS"):
        return False
    if opened.deployment_id:
        return primary.id == opened.deployment_id
    return primary.id != opened.primary_before and primary.task_definition == definition


def _refuse_alien(
    primary: Deployment, opened: Rollout | None, requested: RolloutRequest, store: ReleaseStore
) -> None:
    """Refuse while a rollout is under way that no earlier run of this pipeline began."""
    ours = opened is not None and primary.task_definition == opened.release.task_definition
    ours = ours or primary.task_definition == requested.placeholder
    if primary.rollout_state != "IN_PROGRESS" or primary.desired == 0 or ours or requested.take_over:
        return
    judged = next(store.latest(1), None)  # before ECS has completed it
    if judged is not None and judged.deployment_id == primary.id:
        return
    raise EcsError(
        f"Deployment {primary.id} on {primary.task_definition} is rolling out, and not by this pipeline. "
        "Wait for its end, or run again with take_over."
    )


def rollback_setting(service: Service, *, on: bool) -> "DeploymentConfigurationTypeDef":
    """Return how the service is deployed, with ECS's own rollback on or off."""
    found = dict(service.configuration)
    for name in ("deploymentCircuitBreaker", "alarms"):
        if found.get(name):
            found[name] = {**found[name], "rollback": on and found[name].get("enable", False)}
    return cast("DeploymentConfigurationTypeDef", found)


def end_rollout(service: EcsService, store: ReleaseStore, rollout: Rollout) -> None:
    """Let ECS take back what fails, as before the rollout; then forget it."""
    if rollout.holds_rollback:
        service.configure(rollback_setting(service.require(), on=True))
    store.close_rollout()


def end_hold(service: EcsService, store: ReleaseStore) -> Rollout | None:
    """Switch ECS's own rollback on again where a killed run has left it off; return that run's rollout.

    While ECS still moves the service it stays off: a person decides on going back. The rollout stays noted.
    Only who holds the environment's delivery lock may call this.
    """
    opened = store.open_rollout()
    if opened is None or not opened.holds_rollback:
        return None
    present = service.require()
    if is_moving(present):
        return None
    service.configure(rollback_setting(present, on=True))
    store.write_open_rollout(opened.model_copy(update={"holds_rollback": False}))
    return opened


def is_moving(service: Service) -> bool:
    """Whether ECS may still fail a deployment of the service; also where it lists none for a moment."""
    return service.primary is None or service.primary.rollout_state == "IN_PROGRESS"


def tell_hold(opened: Rollout, service: Service) -> str:
    """Say that ECS's own rollback is off although the service is still; "" where all is as it should be."""
    if not opened.holds_rollback or service.rolls_back or is_moving(service):
        return ""
    return (
        f"ECS's own rollback is off since {opened.started_at:%Y-%m-%d %H:%M} UTC, for release "
        f"{opened.release.name} and its irreversible migrations. If run {opened.flow_run or 'unknown'} was "
        "killed, the next deployment, rollback, restart or restore in place switches it on again."
    )


def _open(
    requested: RolloutRequest,
    present: Service,
    primary: Deployment,
    digest: str | None,
    now: datetime,
    *,
    held_before: bool,
) -> Rollout:
    """Describe the rollout; a service without tasks has nothing that ECS could roll back to."""
    ran = bool(digest or primary.running)
    before = Previous(deployment_id=primary.id, task_definition=primary.task_definition, image_digest=digest)
    return Rollout(
        release=requested.release,
        primary_before=primary.id,
        previous=before if ran else None,
        started_at=now,
        flow_run=requested.flow_run,
        kind=requested.kind,
        definition_before=primary.task_definition,
        holds_rollback=requested.asks_first and ran and (present.rolls_back or held_before),
    )


def _running_digest(
    service: EcsService, present: Service, primary: Deployment, requested: RolloutRequest
) -> str | None:
    return _digest(service.tasks(), primary, requested.container) if present.desired else None


def _digest(tasks: tuple[Task, ...], deployment: Deployment, container: str) -> str | None:
    digests = (
        item.image_digest
        for task in tasks
        if belongs(task, deployment)
        for item in task.containers
        if item.name == container and item.image_digest
    )
    return next(digests, None)
