"""Starts, finds and cancels deployment runs through Prefect's API."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Collection, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.sorting import FlowRunSort
from prefect.states import Cancelled

from deployments.webhook.logs import log
from pipeline.webhook import Deploy, WaitingRun, superseded

TAG = "webhook"
_FLOW = "deploy-application"
_LOOK_BACK = timedelta(days=2)
_KEPT = 30.0
"""Seconds that a deployment's id serves; registering again keeps it."""
_PATIENCE = 2.0
"""Seconds that an answer waits for the cancellations that its push entails."""
_AT_ONCE = 20
"""Runs cancelled on the word of one look at them."""


class Runs:
    """The runs that the receiver starts; one client for all, as making one costs more than a request."""

    def __init__(self) -> None:
        self._stack = AsyncExitStack()
        self._opened: PrefectClient | None = None
        self._opening = asyncio.Lock()
        self._deployments: dict[str, tuple[float, DeploymentResponse]] = {}
        self._rounds: dict[str, asyncio.Task[None]] = {}
        self._going: set[asyncio.Task[None]] = set()
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def close(self) -> None:
        """Close the connections, when the rounds under way have ended."""
        await asyncio.gather(*self._going, return_exceptions=True)
        await self._stack.aclose()

    async def start(self, deploy: Deploy) -> str:
        """Start a deployment, once per key, and cancel what it supersedes.

        Returns:
            The flow run's id.

        Raises:
            httpx.HTTPError, ObjectNotFound: Prefect does not answer, or has no such deployment.
        """
        deployment = await self._deployment(deploy.environment)
        run = await (await self._client()).create_flow_run_from_deployment(
            deployment.id,
            parameters=dict(deploy.parameters),
            idempotency_key=deploy.key,
            tags=[*deployment.tags, TAG],
            labels=_labels(deploy),
        )
        await self._coalesce(deploy.environment)
        return str(run.id)

    async def recent(self) -> list[FlowRun]:
        """Return the runs of the last days that the receiver started, newest first."""
        return await self._read()

    async def _read(self, **more: Any) -> list[FlowRun]:
        since = datetime.now(UTC) - _LOOK_BACK
        chosen = FlowRunFilter(
            tags=FlowRunFilterTags(all_=[TAG]),
            expected_start_time=FlowRunFilterExpectedStartTime(after_=since),
            **more,
        )
        return await (await self._client()).read_flow_runs(
            flow_run_filter=chosen, sort=FlowRunSort.EXPECTED_START_TIME_DESC, limit=200
        )

    async def _client(self) -> PrefectClient:
        async with self._opening:
            if self._opened is None:
                self._opened = await self._stack.enter_async_context(get_client())
            return self._opened

    async def _deployment(self, environment: str) -> DeploymentResponse:
        read, found = self._deployments.get(environment, (0.0, None))
        if found is None or time.monotonic() - read > _KEPT:
            found = await (await self._client()).read_deployment_by_name(f"{_FLOW}/{environment}")
            self._deployments[environment] = (time.monotonic(), found)
        return found

    async def _coalesce(self, environment: str) -> None:
        """Wait a little for a round that begins after now; pushes that come meanwhile share the next one.

        The run is made: a round that takes longer goes on without its caller, and one that fails is made
        good by the next push's.
        """
        task = self._rounds.get(environment)
        if task is None:
            task = self._rounds[environment] = asyncio.create_task(self._round(environment))
            self._going.add(task)
            task.add_done_callback(self._ended)
        await asyncio.wait({task}, timeout=_PATIENCE)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._going.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log("coalescing-failed", error=type(error).__name__)

    async def _round(self, environment: str) -> None:
        """Cancel what no worker has taken yet and a newer push makes needless.

        A run needs seconds from there to its beginning, as its process has to start first: that one which
        is taken in this very moment is cancelled in time, and none that has begun is.
        """
        async with self._locks[environment]:
            del self._rounds[environment]
            tried: set[str] = set()
            while needless := await self._needless(environment, tried):
                await self._cancel(needless)
                tried.update(needless)

    async def _needless(self, environment: str, tried: Collection[str]) -> list[str]:
        """Return what to cancel next; what was cancelled is not even read, as that is most after a burst."""
        alive = FlowRunFilterState(type=FlowRunFilterStateType(not_any_=[StateType.CANCELLED]))
        found = superseded(map(_waiting, await self._read(state=alive)), environment)
        return [run for run in found if run not in tried][:_AT_ONCE]

    async def _cancel(self, runs: Sequence[str]) -> None:
        client = await self._client()
        state: Any = Cancelled(message="A newer push replaces it.")
        await asyncio.gather(*(client.set_flow_run_state(UUID(run), state) for run in runs))


def _labels(deploy: Deploy) -> dict[str, Any]:
    return {
        "webhook.environment": deploy.environment,
        "webhook.commit": deploy.commit,
        "webhook.repository": deploy.repository,
        "webhook.order": deploy.order,
    }


def _waiting(run: FlowRun) -> WaitingRun:
    return WaitingRun(
        id=str(run.id),
        environment=str(run.labels.get("webhook.environment", "")),
        order=float(run.labels.get("webhook.order", 0)),
        created=run.created.timestamp() if run.created else 0,
        state=run.state.type.value if run.state else "SCHEDULED",
    )
