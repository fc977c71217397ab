"""Shows what runs where."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime

import httpx
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import StateType
from prefect.settings import PREFECT_API_URL
from rich.console import Console
from rich.table import Table

from blocks.deploy_environment import load_live
from deployments.cli.runs import runs_of
from pipeline.errors import PipelineError
from pipeline.outputs import NothingBuiltError

_RUNS = 10


@dataclass(frozen=True)
class RunSummary:
    """A flow run, newest or waiting."""

    flow: str
    state: str
    began: datetime | None
    run: str


@dataclass(frozen=True)
class EnvironmentStatus:
    """Status of an environment."""

    environment: str
    prefect: str
    workers: list[str]
    """Those that are online."""
    release: str
    """The one that runs, or why that is unknown."""
    application: str
    """Its address; "" where it is unknown."""
    runs: list[RunSummary]


def show_status(client: SyncPrefectClient, environment: str, as_json: bool) -> int:
    """Print what is known; 0 where a release runs and a worker serves the environment, else 1."""
    release, address = _release(environment)
    found = EnvironmentStatus(
        environment,
        str(PREFECT_API_URL.value()),
        _workers(client, environment),
        release,
        address,
        _runs(client, environment),
    )
    if as_json:
        print(json.dumps(asdict(found), indent=2, default=datetime.isoformat))
    else:
        _print(Console(emoji=False), found)
    return 0 if found.workers and found.application else 1


def _print(console: Console, found: EnvironmentStatus) -> None:
    table = Table(show_header=False, title=found.environment, title_justify="left")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("Prefect", found.prefect)
    table.add_row("Workers", ", ".join(found.workers) or "none is online")
    table.add_row("Release", found.release)
    table.add_row("Application", found.application or "unknown")
    console.print(table)
    table = Table("flow", "state", "began (UTC)", title="Newest runs", title_justify="left")
    table.add_column("run", overflow="fold")
    for item in found.runs:
        began = f"{item.began:%Y-%m-%d %H:%M:%S}" if item.began else ""
        table.add_row(item.flow, item.state, began, item.run)
    console.print(table)


def _workers(client: SyncPrefectClient, pool: str) -> list[str]:
    """Return the workers that are online; none where the pool was not made yet."""
    try:
        answer = client.request(
            "POST",
            "/work_pools/{work_pool_name}/workers/filter",
            path_params={"work_pool_name": pool},
            json={},
        )
    except httpx.HTTPStatusError as error:
        if error.response.status_code != httpx.codes.NOT_FOUND:
            raise
        return []
    return sorted(item["name"] for item in answer.json() if item["status"] == "ONLINE")


def _release(environment: str) -> tuple[str, str]:
    """Return the release that runs, and the application's address; why not and "" where unknown."""
    try:
        live = load_live(environment)
        records = live.releases.newest(1)
    except NothingBuiltError:
        return "nothing was built here yet", ""
    except ValueError:  # what Prefect raises where there is no such block
        return "not registered (vimbiso register)", ""
    except PipelineError as error:
        return f"unknown: {error}", ""
    detail = [f"{it.release} ({it.outcome}, {it.ended_at:%Y-%m-%d %H:%M} UTC)" for it in records]
    return (detail or ["none"])[0], live.page


def _runs(client: SyncPrefectClient, environment: str) -> list[RunSummary]:
    """Return the runs under way or waiting, then those that ended last."""
    pending = runs_of(client, environment, _RUNS, state=StateType.PENDING)
    found = [run for run in pending if run.start_time is None] + runs_of(client, environment, _RUNS)
    flows = {flow.id: flow.name for flow in client.read_flows(limit=200)}
    return [
        RunSummary(flows.get(it.flow_id, ""), it.state_name or "", it.start_time, it.name) for it in found
    ]
