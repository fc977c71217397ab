"""What Prefect knows of the runs that may hold a lock."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import State, StateType
from prefect.exceptions import ObjectNotFound
from prefect.logging import get_run_logger

from pipeline.live import LiveEnvironment
from pipeline.state.model import RunStatus
from pipeline.state.runs import read_runs
from tasks.support import retried_step

_AT_WORK = frozenset({StateType.RUNNING, StateType.CANCELLING})


@retried_step
def ask_prefect(live: LiveEnvironment) -> dict[str, RunStatus]:
    """Ask Prefect about every run that is written down beside the state, by run id."""
    ids = [record.run_id for record in read_runs(live.state)]
    with get_client(sync_client=True) as client:
        known = statuses(client, ids)
    for run_id, status in known.items():
        get_run_logger().info("Run %s: %s, says Prefect", run_id, status.value)
    return known


def statuses(client: SyncPrefectClient, ids: Iterable[str]) -> dict[str, RunStatus]:
    """Return what Prefect knows of each run; those that it does not know are left out."""
    return {run_id: judge_state(state) for run_id, state in _states(client, ids).items()}


def judge_state(state: State | None) -> RunStatus:
    """Tell whether a run in this state can be at work.

    A run that ended, crashed or is suspended has no process; one that waits for a process is not known.
    """
    if state is not None and state.type in _AT_WORK:
        return RunStatus.ALIVE
    if state is not None and (state.is_final() or state.type is StateType.PAUSED):
        return RunStatus.GONE
    return RunStatus.UNKNOWN


def _states(client: SyncPrefectClient, ids: Iterable[str]) -> Mapping[str, State | None]:
    found: dict[str, State | None] = {}
    for run_id in ids:
        try:
            found[run_id] = client.read_flow_run(UUID(run_id)).state
        except (ObjectNotFound, ValueError):
            continue
    return found
