"""Starts, finds and cancels deployment runs through Prefect's API."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.sorting import FlowRunSort
from prefect.states import Cancelled

from pipeline.webhook import Deploy, WaitingRun, superseded

TAG = "webhook"
_FLOW = "deploy-application"
_LOOK_BACK = timedelta(days=2)


async def start(deploy: Deploy) -> str:
    """Start a deployment, once per key, and cancel what it supersedes.

    Returns:
        The flow run's id.

    Raises:
        httpx.HTTPError, ObjectNotFound: Prefect does not answer, or has no such deployment.
    """
    async with get_client() as client:
        deployment = await client.read_deployment_by_name(f"{_FLOW}/{deploy.environment}")
        run = await client.create_flow_run_from_deployment(
            deployment.id,
            parameters=dict(deploy.parameters),
            idempotency_key=deploy.key,
            tags=[*deployment.tags, TAG],
            labels=_labels(deploy),
        )
        await _coalesce(client, deploy.environment)
    return str(run.id)


async def recent() -> list[FlowRun]:
    """Return the runs of the last days that the receiver started, newest first."""
    async with get_client() as client:
        return await _recent(client)


async def _coalesce(client: Any, environment: str) -> None:
    for run in superseded(map(_waiting, await _recent(client)), environment):
        current = await client.read_flow_run(UUID(run))
        # Looked at again: meanwhile it may have begun, and a rollout under way is left alone.
        if current.state is not None and (current.state.is_scheduled() or current.state.is_pending()):
            await client.set_flow_run_state(current.id, Cancelled(message="A newer push replaces it."))


async def _recent(client: Any) -> list[FlowRun]:
    since = datetime.now(UTC) - _LOOK_BACK
    chosen = FlowRunFilter(
        tags=FlowRunFilterTags(all_=[TAG]),
        expected_start_time=FlowRunFilterExpectedStartTime(after_=since),
    )
    found: list[FlowRun] = await client.read_flow_runs(
        flow_run_filter=chosen, sort=FlowRunSort.EXPECTED_START_TIME_DESC, limit=200
    )
    return found


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
