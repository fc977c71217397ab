"""Runs of an environment, as Prefect has them."""

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterName,
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort


def runs_of(
    client: SyncPrefectClient,
    environment: str,
    limit: int | None = None,
    *,
    state: StateType | None = None,
    flow: str | None = None,
) -> list[FlowRun]:
    """Return the runs in a state, or all that started where none is given; the newest start comes first."""
    chosen = {"state": {"type": {"any_": [state]}}} if state else {"start_time": {"is_null_": False}}
    return client.read_flow_runs(
        flow_filter=FlowFilter(name=FlowFilterName(any_=[flow])) if flow else None,
        deployment_filter=DeploymentFilter(name=DeploymentFilterName(any_=[environment])),
        flow_run_filter=FlowRunFilter.model_validate(chosen),
        sort=FlowRunSort.START_TIME_DESC,
        limit=limit,
    )
