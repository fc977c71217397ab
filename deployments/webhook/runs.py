"""Starts, finds and cancels deployment runs through Prefect's API."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

import httpx
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
from tenacity import AsyncRetrying, retry_if_exception, stop_after_delay, wait_random_exponential

from deployments.webhook.model import Deploy
from deployments.webhook.queues import StartedRun, WaitingRun, newest_run, superseded
from pipeline.clock import utc_now

_BUSY = frozenset({429, 502, 503})
_SECONDS = 2.5

Result = TypeVar("Result")


async def with_retries(call: Callable[[], Awaitable[Result]]) -> Result:
    """Make a call that may be repeated; a SQLite file that is being written refuses at once, with 503.

    Raises:
        httpx.HTTPError: no good answer in two and a half seconds.
    """
    retrying = AsyncRetrying(
        retry=retry_if_exception(_passes),
        wait=wait_random_exponential(multiplier=0.02, max=0.3),
        stop=stop_after_delay(_SECONDS),
        reraise=True,
    )

    async def once() -> Result:  # tenacity awaits nothing but what is a coroutine function itself
        return await call()

    return await retrying(once)


def _passes(error: BaseException) -> bool:
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code in _BUSY
    return isinstance(error, httpx.TransportError)


TAG = "webhook"
_FLOW = "deploy-application"
_LOOK_BACK = timedelta(days=2)
_KEPT = 30.0
"""Seconds that a deployment's id serves; registering again keeps it."""
_AT_ONCE = 5
"""Runs cancelled in one conversation: the others wait for it."""


class Runs:
    """The runs that the receiver starts; one client for all, as making one costs more than a request."""

    def __init__(self) -> None:
        self._stack = AsyncExitStack()
        self._opened: PrefectClient | None = None
        self._opening = asyncio.Lock()
        self._deployments: dict[str, tuple[float, DeploymentResponse]] = {}

    async def close(self) -> None:
        """Close the connections."""
        await self._stack.aclose()

    async def start(self, deploy: Deploy) -> StartedRun:
        """Start a deployment, once per key; where a newer one has a run already, that one serves.

        Raises:
            httpx.HTTPError, ObjectNotFound: Prefect does not answer, or has no such deployment.
        """
        if newer := await self._newer(deploy):
            return newer
        deployment, client = await self._deployment(deploy.environment), await self._client()
        run = await with_retries(
            lambda: client.create_flow_run_from_deployment(
                deployment.id,
                parameters=dict(deploy.parameters),
                idempotency_key=deploy.key,
                tags=[*deployment.tags, TAG],
                labels=_labels(deploy),
            )
        )
        return StartedRun(str(run.id), deploy)

    async def _newer(self, deploy: Deploy) -> StartedRun | None:
        runs = {str(run.id): run for run in await self._alive()}
        found = newest_run(map(_waiting, runs.values()), deploy.environment)
        if found is None or found.order <= deploy.order:
            return None
        commit = str(runs[found.id].labels.get("webhook.commit", ""))
        return StartedRun(found.id, replace(deploy, commit=commit, order=found.order, key=""))

    async def cancel_superseded(self, environment: str) -> bool:
        """Cancel what no worker has taken yet and a newer push makes needless; return whether there is more.

        Cancelling is safe: a run that a worker has just taken needs seconds before its flow starts.

        Raises:
            httpx.HTTPError: Prefect does not answer.
        """
        needless = superseded(map(_waiting, await self._alive()), environment)
        for run in needless[:_AT_ONCE]:
            await self._cancel(UUID(run))
        return len(needless) > _AT_ONCE

    async def recent(self) -> list[FlowRun]:
        """Return the runs of the last days that the receiver started, newest first."""
        return await self._read()

    async def _alive(self) -> list[FlowRun]:
        alive = FlowRunFilterState(type=FlowRunFilterStateType(not_any_=[StateType.CANCELLED]))
        return await self._read(state=alive)

    async def _read(self, **more: Any) -> list[FlowRun]:
        since = utc_now() - _LOOK_BACK
        chosen = FlowRunFilter(
            tags=FlowRunFilterTags(all_=[TAG]),
            expected_start_time=FlowRunFilterExpectedStartTime(after_=since),
            **more,
        )
        client = await self._client()
        return await with_retries(
            lambda: client.read_flow_runs(
                flow_run_filter=chosen, sort=FlowRunSort.EXPECTED_START_TIME_DESC, limit=200
            )
        )

    async def _client(self) -> PrefectClient:
        async with self._opening:
            if self._opened is None:
                self._opened = await self._stack.enter_async_context(get_client())
            return self._opened

    async def _deployment(self, environment: str) -> DeploymentResponse:
        read, found = self._deployments.get(environment, (0.0, None))
        if found is None or time.monotonic() - read > _KEPT:
            client = await self._client()
            found = await with_retries(lambda: client.read_deployment_by_name(f"{_FLOW}/{environment}"))
            self._deployments[environment] = (time.monotonic(), found)
        return found

    async def _cancel(self, run: UUID) -> None:
        client = await self._client()
        state: Any = Cancelled(message="A newer push replaces it.")
        await with_retries(lambda: client.set_flow_run_state(run, state))


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
