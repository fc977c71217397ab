"""Sends one request to Prefect at a time; of an environment's waiting deliveries the newest is deployed.

A Prefect server on SQLite has one writer: of requests that write at once all but one are refused, and each
refusal costs seconds of waiting. In turn they take some ten milliseconds each.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from deployments.webhook.model import Deploy
from deployments.webhook.observed import log

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


def newest_run(runs: Iterable[WaitingRun], environment: str) -> WaitingRun | None:
    """Return the environment's run whose commit was pushed last; ended ones count."""
    mine = (run for run in runs if run.environment == environment)
    return max(mine, key=lambda run: (run.order, run.created, run.id), default=None)


def superseded(runs: Iterable[WaitingRun], environment: str) -> list[str]:
    """Return the ids of the environment's runs that no worker has taken and that are not the newest.

    A delivery that comes late may itself be what is superseded. A run that has begun is never touched: a
    rollout is worse interrupted than finished.
    """
    mine = [run for run in runs if run.environment == environment]
    newest = newest_run(mine, environment)
    return [run.id for run in mine if run.state in _WAITING and run is not newest]


def newest(deploys: Sequence[Deploy]) -> Deploy:
    """Return what was pushed last; of the same moment, what came last."""
    return max(enumerate(deploys), key=lambda item: (item[1].order, item[0]))[1]


_PART = 3.0
"""Seconds for either half of a conversation: starting a run, cancelling what it makes needless."""
_FAREWELL = 6.0
_TRIES = 20
_PAUSE = 1.0
"""Seconds before Prefect is asked again about runs to cancel; a new delivery waits as long at worst."""


@dataclass(frozen=True)
class StartedRun:
    """The run that a delivery leads to."""

    run: str
    deploy: Deploy
    """What the run deploys: the delivery's own, or a newer one."""


class DeliveryQueues:
    """Brings deliveries to Prefect; nobody is answered before Prefect has the run."""

    def __init__(
        self, begin: Callable[[Deploy], Awaitable[StartedRun]], settle: Callable[[str], Awaitable[bool]]
    ) -> None:
        """``begin`` starts a run; ``settle`` cancels some needless ones and says whether there are more."""
        self._begin_run, self._settle_runs = begin, settle
        self._waiting: dict[str, list[tuple[Deploy, asyncio.Future[StartedRun]]]] = {}
        self._queues: dict[str, asyncio.Task[None]] = {}
        self._turn = asyncio.Lock()

    async def serve(self, deploy: Deploy) -> StartedRun:
        """Wait for the run that serves the delivery.

        Raises:
            TimeoutError, httpx.HTTPError, ObjectNotFound: as starting the run did.
        """
        future: asyncio.Future[StartedRun] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(deploy.environment, []).append((deploy, future))
        self.look_at(deploy.environment)
        return await future

    def look_at(self, environment: str) -> None:
        """Begin what waits and cancel what is needless; a receiver that died may have left some."""
        queue = self._queues.get(environment)
        if queue is None or queue.done():
            self._queues[environment] = asyncio.create_task(self._work(environment))

    async def close(self) -> None:
        """Let the conversations under way end."""
        queues = [queue for queue in self._queues.values() if not queue.done()]
        if queues:
            _, late = await asyncio.wait(queues, timeout=_FAREWELL)
            for queue in late:
                queue.cancel()

    async def _work(self, environment: str) -> None:
        failed, more = 0, True
        while more:
            async with self._turn:
                if waiting := self._waiting.pop(environment, []):
                    await self._begin(waiting)
                left = await self._settle(environment)
            failed = failed + 1 if left is None else 0
            if left is None and environment not in self._waiting:
                await asyncio.sleep(_PAUSE)
            more = bool(left) or 0 < failed < _TRIES or environment in self._waiting

    async def _begin(self, waiting: list[tuple[Deploy, asyncio.Future[StartedRun]]]) -> None:
        chosen = newest([deploy for deploy, _ in waiting])
        try:
            async with asyncio.timeout(_PART):
                served = await self._begin_run(chosen)
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must hear of it
            for _, future in waiting:
                if not future.done():
                    future.set_exception(error)
            return
        for _, future in waiting:
            if not future.done():
                future.set_result(served)

    async def _settle(self, environment: str) -> bool | None:
        """Return whether there is more; None where Prefect did not answer: the runs are made all the same."""
        try:
            async with asyncio.timeout(_PART):
                return await self._settle_runs(environment)
        except Exception as error:  # noqa: BLE001 - it has no caller who could be told
            log("coalescing-failed", environment=environment, error=type(error).__name__)
            return None
