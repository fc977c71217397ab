"""One run at a time works on an environment's infrastructure, and one on its service."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
from prefect.client.schemas.objects import State, StateType
from prefect.concurrency.sync import concurrency
from prefect.exceptions import ObjectNotFound
from prefect.logging import get_run_logger
from prefect.runtime import flow_run

from pipeline.delivery.start import end_hold
from pipeline.errors import PipelineError
from pipeline.live import LiveEnvironment
from pipeline.state.model import RunStatus
from pipeline.state.record import read_runs
from tasks.support import retried_step

_AT_WORK = frozenset({StateType.RUNNING, StateType.CANCELLING})


@retried_step
def query_prefect(live: LiveEnvironment) -> dict[str, RunStatus]:
    """Ask Prefect about every run that is written down beside the state, by run id."""
    ids = [record.run_id for record in read_runs(live.state)]
    with get_client(sync_client=True) as client:
        known = statuses(client, ids)
    for run_id, status in known.items():
        get_run_logger().info("Run %s: %s, says Prefect", run_id, status.value)
    return known


def statuses(client: SyncPrefectClient, ids: Iterable[str]) -> dict[str, RunStatus]:
    """Return what Prefect knows of each run; those that it does not know are left out."""
    found: dict[str, RunStatus] = {}
    for run_id in ids:
        with suppress(ObjectNotFound, ValueError):
            found[run_id] = judge_state(client.read_flow_run(UUID(run_id)).state)
    return found


def judge_state(state: State | None) -> RunStatus:
    """Tell whether a run in this state can be at work.

    A run that ended, crashed or is suspended has no process; one that waits for a process is not known.
    """
    if state is not None and state.type in _AT_WORK:
        return RunStatus.ALIVE
    if state is not None and (state.is_final() or state.type is StateType.PAUSED):
        return RunStatus.GONE
    return RunStatus.UNKNOWN


LEASE = 120.0
"""Seconds after which the lock of a run that was killed is free again; a living one renews it."""
_PATIENCE = 3600.0
"""Seconds to wait for another run: as long as a Terraform command may take."""
_AT_ONCE = 10.0
"""Seconds to wait where waiting is not wanted: what a busy Prefect server needs to answer."""
_RUNNING = FlowRunFilter(
    state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.RUNNING, StateType.CANCELLING]))
)


class EnvironmentBusyError(PipelineError):
    """Another run works on the environment."""


@contextmanager
def one_change_at_a_time(live: LiveEnvironment, patience: float = _PATIENCE) -> Iterator[None]:
    """Hold the environment's only lock while its infrastructure or state is worked on.

    Terraform's lock is held by single commands only; between plan and apply, and while buckets are emptied,
    this keeps other flows out. A suspended run holds nothing: its plan is bound to the state's serial.

    Raises:
        EnvironmentBusyError: the lock did not become free.
    """
    with _slot(live, "infrastructure", patience):
        yield


@contextmanager
def one_delivery_at_a_time(live: LiveEnvironment) -> Iterator[None]:
    """Hold the environment's only lock while its service is moved: by a deployment, a rollback, a restart.

    The environment's ``concurrent_deploys`` says whether to wait for another run or to give up. What a killed
    one has left off, ECS's own rollback, is on again before anything is done.

    Raises:
        EnvironmentBusyError: the lock did not become free.
    """
    waits = live.settings.concurrent_deploys == "wait"
    with _slot(live, "delivery", _PATIENCE if waits else _AT_ONCE):
        _switch_rollback_on(live)
        yield


def _switch_rollback_on(live: LiveEnvironment) -> None:
    left = end_hold(live.service, live.releases)
    if left is not None:
        get_run_logger().warning(
            "ECS's own rollback is on again: run %s switched it off for release %s and was killed",
            left.flow_run,
            left.release.name,
        )


@contextmanager
def one_answer_at_a_time(live: LiveEnvironment) -> Iterator[None]:
    """Hold the environment's only lock while a code is judged: two runs would both take it.

    Raises:
        EnvironmentBusyError: the lock did not become free.
    """
    with _slot(live, "approval", _PATIENCE):
        yield


def refuse_second_delivery(live: LiveEnvironment) -> None:
    """Tell a run early that another one moves the service, where the environment does not want it to wait.

    Raises:
        EnvironmentBusyError: another run has the lock.
    """
    if live.settings.concurrent_deploys == "refuse":
        with _slot(live, "delivery", _AT_ONCE):
            return


@contextmanager
def _slot(live: LiveEnvironment, kind: str, patience: float) -> Iterator[None]:
    name = f"{kind}-{live.name}"
    with get_client(sync_client=True) as client:
        client.upsert_global_concurrency_limit_by_name(name, 1)
        _free_abandoned(client, name, live.name)
    with ExitStack() as held:
        get_run_logger().info("Waiting for the lock %s", name)
        try:
            held.enter_context(
                concurrency(
                    name,
                    timeout_seconds=patience,
                    lease_duration=LEASE,
                    strict=True,
                    # What it guards has a second guard (Terraform's lock, the rollout that is written down);
                    # stopping in the middle would be worse.
                    raise_on_lease_renewal_failure=False,
                )
            )
        except TimeoutError as error:
            raise EnvironmentBusyError(
                f"Another run has worked on {live.name} for {_for(patience)}. Wait for it or "
                f"cancel it, then run this again. If none runs, reset {name} under Concurrency in the UI."
            ) from error
        yield


def _for(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 60 else f"{seconds:.0f} seconds"


def _free_abandoned(client: SyncPrefectClient, name: str, environment: str) -> None:
    """Free a lock whose holder is dead: no other run of the environment is at work.

    A lease ends by itself, but only on the server that granted it. The limit is made again, under another id,
    so that a late end of the old lease does not release the new holder's lock.
    """
    limit = client.read_global_concurrency_limit_by_name(name)
    if not limit.active_slots or _others_at_work(client, environment):
        return
    get_run_logger().warning("The run that held %s is dead: its lock is free again", name)
    with suppress(ObjectNotFound):  # another run was quicker
        client.delete_global_concurrency_limit_by_name(str(limit.id))
    client.upsert_global_concurrency_limit_by_name(name, 1)


def _others_at_work(client: SyncPrefectClient, environment: str) -> bool:
    """Whether any other run of the environment is at work; it may or may not hold the lock."""
    return any(
        run.parameters.get("environment") == environment and str(run.id) != flow_run.id
        for run in client.read_flow_runs(flow_run_filter=_RUNNING, limit=200)
    )
