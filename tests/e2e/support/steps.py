"""Looks at the steps (task runs) of a flow run."""

from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId


def step_runs(client: SyncPrefectClient, run: UUID, step: str) -> bool:
    """Whether the step of that name is under way."""
    chosen = FlowRunFilter(id=FlowRunFilterId(any_=[run]))
    return any(
        item.name.startswith(step) and item.state is not None and item.state.is_running()
        for item in client.read_task_runs(flow_run_filter=chosen)
    )


def has_begun(client: SyncPrefectClient, run: UUID, step: str) -> bool:
    """Whether the step of that name is or was under way; some are over before one can look."""
    chosen = FlowRunFilter(id=FlowRunFilterId(any_=[run]))
    return any(item.name.startswith(step) for item in client.read_task_runs(flow_run_filter=chosen))
