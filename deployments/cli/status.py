"""Shows what runs where."""

from collections.abc import Iterable

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterName,
    FlowRunFilter,
    FlowRunFilterStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.settings import PREFECT_API_URL
from rich.console import Console
from rich.table import Table

from blocks.deploy_environment import load_live
from pipeline.errors import PipelineError
from pipeline.outputs import NothingBuiltError

_RUNS = 10


def show_status(client: SyncPrefectClient, console: Console, environment: str) -> int:
    """Print what is known; 0 where a release runs and a worker serves the environment, else 1."""
    workers = _workers(client, environment)
    release, address = _release(environment)
    table = Table(show_header=False, title=environment, title_justify="left")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("Prefect", str(PREFECT_API_URL.value()))
    table.add_row("Workers", ", ".join(workers) or "none is online")
    table.add_row("Release", release)
    table.add_row("Application", address or "unknown")
    console.print(table)
    console.print(_runs_table(client, environment))
    return 0 if workers and address else 1


def _workers(client: SyncPrefectClient, pool: str) -> list[str]:
    answer = client.request(
        "POST", "/work_pools/{work_pool_name}/workers/filter", path_params={"work_pool_name": pool}, json={}
    )
    return sorted(item["name"] for item in answer.json() if item["status"] == "ONLINE")


def _release(environment: str) -> tuple[str, str]:
    """Return the release that runs, and the application's address; why not and "" where unknown."""
    try:
        live = load_live(environment)
        records = live.releases.newest(1)
    except NothingBuiltError:
        return "nothing was built here yet", ""
    except ValueError:  # what Prefect raises where there is no such block
        return "not registered (make register)", ""
    except PipelineError as error:
        return f"unknown: {error}", ""
    told = [f"{it.release} ({it.outcome}, {it.ended_at:%Y-%m-%d %H:%M} UTC)" for it in records]
    return (told or ["none"])[0], live.page


def _runs_table(client: SyncPrefectClient, environment: str) -> Table:
    flows = {flow.id: flow.name for flow in client.read_flows(limit=200)}
    table = Table("flow", "state", "began (UTC)", title="Newest runs", title_justify="left")
    table.add_column("run", overflow="fold")
    for run in _runs(client, environment):
        began = f"{run.start_time:%Y-%m-%d %H:%M:%S}" if run.start_time else ""
        table.add_row(flows.get(run.flow_id, ""), run.state_name or "", began, run.name)
    return table


def _runs(client: SyncPrefectClient, environment: str) -> Iterable[FlowRun]:
    """Return the runs under way or waiting, then those that ended last."""
    chosen = DeploymentFilter(name=DeploymentFilterName(any_=[environment]))
    begun = client.read_flow_runs(
        deployment_filter=chosen,
        flow_run_filter=FlowRunFilter(start_time=FlowRunFilterStartTime(is_null_=False)),
        sort=FlowRunSort.START_TIME_DESC,
        limit=_RUNS,
    )
    pending = client.read_flow_runs(
        deployment_filter=chosen,
        flow_run_filter=FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.PENDING]))
        ),
        limit=_RUNS,
    )
    return [*[run for run in pending if run.start_time is None], *begun]
