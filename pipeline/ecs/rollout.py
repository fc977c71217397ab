"""Decides what a look at the service says about our rollout. Pure: values in, a verdict out."""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.ecs.model import Deployment, Outcome, Service, Task, revision_name
from pipeline.release.model import Rollout

VISIBILITY = timedelta(seconds=30)
"""How long ECS may take to list a deployment that it has just answered with (eventual consistency)."""
SETTLING = timedelta(minutes=5)
"""How long a failed deployment may take to hand PRIMARY back to its predecessor."""
SAME_REASON_LIMIT = 3
"""So many tasks stopped for one reason prove a failure before the circuit breaker speaks."""

_NOT_THE_RELEASE = ("UserInitiated", "SpotInterruption", "TerminationNotice")
_IDS = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|[0-9a-f]{12,}")


@dataclass(frozen=True)
class ServiceSnapshot:
    """One look at the service. ``unreachable`` says why there was no answer."""

    service: Service | None = None
    stopped: tuple[Task, ...] = ()
    """Stopped tasks of the rollout's own deployment."""
    unreachable: str | None = None
    refused: bool = False
    """Whether asking again is in vain, as with credentials that have expired."""


@dataclass(frozen=True)
class Verdict:
    """``outcome`` ends the rollout; without one, ``ready`` says whether to go through the gates."""

    message: str
    outcome: Outcome | None = None
    ready: bool = False
    if_late: Outcome = Outcome.TIMED_OUT
    """The outcome where the time is up: TIMED_OUT unless a failure is proven already."""
    tasks: int = 0
    """Tasks that run where it is ready; the gates demand so many, whatever auto scaling wants meanwhile."""
    early: bool = False
    """Whether it is ready for the gates although ECS has not completed the deployment."""


def decide(
    snapshot: ServiceSnapshot, rollout: Rollout, now: datetime, deadline: datetime, *, completed: bool = False
) -> Verdict:
    """Judge one look at the service; the order of the questions is told in docs/rollout.md.

    With ``completed`` a deployment is not ready before ECS has completed it.

    Source of the states: AWS ECS API reference, ``Deployment.rolloutState`` and ``Service.status``.
    """
    late = now >= deadline
    if snapshot.unreachable is not None:
        return _unreachable(snapshot.unreachable, late, snapshot.refused)
    service = snapshot.service
    if service is None:
        return Verdict("The service does not exist.", Outcome.FAILED)
    if service.status != "ACTIVE":
        return Verdict(f"The service is {service.status}.", Outcome.FAILED)
    verdict = _judge(service, snapshot.stopped, rollout, now)
    if completed and verdict.early:
        verdict = Verdict(verdict.message)
    if verdict.outcome is None and not verdict.ready and late:
        return Verdict(f"Out of time: {verdict.message}", verdict.if_late)
    return verdict


def _unreachable(reason: str, late: bool, refused: bool) -> Verdict:
    if refused:
        return Verdict(f"AWS refuses to tell how the rollout goes on: {reason}", Outcome.UNKNOWN)
    if late:
        return Verdict(f"ECS could not be reached until the time was up: {reason}", Outcome.UNKNOWN)
    return Verdict(f"ECS cannot be reached, asking again: {reason}")


def _judge(service: Service, stopped: tuple[Task, ...], rollout: Rollout, now: datetime) -> Verdict:
    ours = service.deployment(rollout.deployment_id)
    if ours is None and now - rollout.started_at < VISIBILITY:
        return Verdict("ECS does not list the deployment yet.")
    if ours is None or ours.status != "PRIMARY":
        return _replaced(service, ours, rollout)
    if ours.rollout_state == "FAILED":
        return _failed(service, ours, rollout, now)
    if ours.running >= ours.desired and ours.pending == 0:
        told = f"{ours.running} of {ours.desired} tasks run"
        if ours.rollout_state == "COMPLETED":
            return Verdict(f"{told}.", ready=True, tasks=ours.desired)
        if not any(item.running or item.pending for item in service.deployments if item != ours):
            watches = f" watches {len(service.alarms)} alarms before it" if service.alarms else ""
            return Verdict(
                f"{told}, and no other; ECS{watches} completes the deployment.",
                ready=True,
                tasks=ours.desired,
                early=True,
            )
    # Below three failed tasks the circuit breaker decides, so that the same failure always ends alike.
    if service.breaker_rolls_back and ours.failed < SAME_REASON_LIMIT:
        return Verdict(_progress(ours))
    return _repeated_failure(stopped) or Verdict(_progress(ours))


def _progress(ours: Deployment) -> str:
    failed = f", {ours.failed} failed" if ours.failed else ""
    return (
        f"{ours.rollout_state or 'IN_PROGRESS'}: {ours.running} of {ours.desired} tasks run, "
        f"{ours.pending} pending{failed}."
    )


def _replaced(service: Service, ours: Deployment | None, rollout: Rollout) -> Verdict:
    """Ours is not PRIMARY any more: the circuit breaker, or somebody else."""
    primary = service.primary
    if primary is None:
        return Verdict("The service has no PRIMARY deployment for the moment.")
    reason = ours.rollout_reason if ours is not None else _told_failure(service, rollout.deployment_id)
    cause = f": {reason}" if reason else ""
    if rollout.previous is None and primary.task_definition == rollout.definition_before:
        return Verdict(
            f"The deployment failed{cause}; ECS went back to {revision_name(primary.task_definition)}, "
            "which is no release.",
            Outcome.FAILED,
        )
    if not _is_rollback(service, primary, ours, rollout):
        return Verdict(
            f"Deployment {primary.id} on {revision_name(primary.task_definition)} took the place of ours.",
            Outcome.SUPERSEDED,
        )
    return _rolling_back(primary, cause)


def _told_failure(service: Service, deployment_id: str) -> str:
    """Return why a deployment failed that ECS no longer lists: its event stays; "" where there is none.

    Source: Amazon ECS developer guide, "Amazon ECS service deployment failure event messages".
    """
    marker = f"(deployment {deployment_id}) deployment failed: "
    return next(
        (event.message.partition(marker)[2] for event in service.events if marker in event.message), ""
    )


def _is_rollback(service: Service, primary: Deployment, ours: Deployment | None, rollout: Rollout) -> bool:
    """Whether ECS put PRIMARY in our deployment's place: it goes back to the last that was COMPLETED."""
    failed = ours is not None and ours.rollout_state == "FAILED"
    if (failed or _told_failure(service, rollout.deployment_id)) and service.rolls_back:
        return True
    if rollout.previous is None or primary.task_definition != rollout.previous.task_definition:
        return False
    if rollout.release.task_definition != rollout.previous.task_definition:
        return True
    return failed or primary.id == rollout.previous.deployment_id


def _rolling_back(primary: Deployment, cause: str) -> Verdict:
    if primary.rollout_state == "FAILED":
        return Verdict(
            f"The deployment failed{cause}, and so did ECS's rollback to "
            f"{revision_name(primary.task_definition)}: {primary.rollout_reason}",
            Outcome.FAILED,
        )
    if primary.rollout_state == "COMPLETED" and primary.running >= primary.desired:
        return Verdict(
            f"The deployment failed{cause}; ECS rolled back to {revision_name(primary.task_definition)}.",
            Outcome.ROLLED_BACK,
        )
    moving = f"The deployment failed{cause}; ECS is rolling back. {_progress(primary)}"
    return Verdict(moving, if_late=Outcome.FAILED)


def _failed(service: Service, ours: Deployment, rollout: Rollout, now: datetime) -> Verdict:
    reason = ours.rollout_reason or "ECS gave no reason"
    expects_rollback = service.rolls_back and rollout.previous is not None
    if expects_rollback and now - ours.updated_at < SETTLING:
        return Verdict(
            f"The deployment failed ({reason}); waiting for ECS to roll back.", if_late=Outcome.FAILED
        )
    return Verdict(f"The deployment failed: {reason}", Outcome.FAILED)


def _repeated_failure(stopped: tuple[Task, ...]) -> Verdict | None:
    reasons = [reason for task in stopped if (reason := failure_reason(task))]
    for kind, count in Counter(map(_without_ids, reasons)).most_common(1):
        if count >= SAME_REASON_LIMIT:
            example = next(reason for reason in reasons if _without_ids(reason) == kind)
            return Verdict(f"{count} tasks stopped for the same reason: {example}", Outcome.FAILED)
    return None


def _without_ids(reason: str) -> str:
    """Blank out request, task and interface ids, which differ from task to task."""
    return _IDS.sub("ID", reason)


def failure_reason(task: Task) -> str | None:
    """Reason of a task's stop; None for a stop that says nothing about the release.

    The scheduler stops tasks when it scales, which is wanted, and when health checks fail, which is not
    (Amazon ECS developer guide, "Stopped task error codes").
    """
    by_scheduler = task.stop_code == "ServiceSchedulerInitiated"
    if task.stop_code in _NOT_THE_RELEASE or (by_scheduler and "health check" not in task.stopped_reason):
        return None
    parts = [task.stop_code, task.stopped_reason]
    for item in task.containers:
        if item.exit_code not in (None, 0):
            parts.append(f"container {item.name} exited with {item.exit_code}")
        if item.reason:
            parts.append(f"container {item.name}: {item.reason}")
    return "; ".join(filter(None, parts)) or None
