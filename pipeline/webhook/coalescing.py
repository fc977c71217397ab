"""Which of several pushes counts, and which runs it makes needless."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.webhook.model import Deploy

_STATES = {
    "SCHEDULED": "queued",
    "PENDING": "queued",
    "RUNNING": "in_progress",
    "PAUSED": "in_progress",
    "CANCELLING": "in_progress",
    "COMPLETED": "success",
    "FAILED": "failure",
    "CRASHED": "error",
    "CANCELLED": "inactive",
}


def github_state(state: str) -> str:
    """Return GitHub's word for a Prefect state type."""
    return _STATES.get(state, "in_progress")


_WAITING = frozenset({"SCHEDULED"})
"""A worker has taken what is PENDING: it may begin between a look at it and its cancellation."""


@dataclass(frozen=True)
class WaitingRun:
    """A run that the receiver started, with what decides about it."""

    id: str
    environment: str
    order: float
    """When its commit was pushed."""
    created: float
    """When the run was made; decides between pushes of the same second."""
    state: str
    """Prefect's state type."""


def superseded(runs: Iterable[WaitingRun], environment: str) -> list[str]:
    """Return the ids of the environment's runs that no worker has taken and that are not the newest.

    A delivery that comes late may itself be what is superseded. A run that has begun is never touched: a
    rollout is worse interrupted than finished.
    """
    mine = [run for run in runs if run.environment == environment]
    newest = max(((run.order, run.created, run.id) for run in mine), default=None)
    return [run.id for run in mine if run.state in _WAITING and (run.order, run.created, run.id) != newest]


def newest(deploys: Sequence[Deploy]) -> Deploy:
    """Return what was pushed last; of the same moment, what came last."""
    return max(enumerate(deploys), key=lambda item: (item[1].order, item[0]))[1]
