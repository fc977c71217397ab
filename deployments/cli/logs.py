"""Shows what a run, or the application, has logged."""

import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId
from prefect.client.schemas.objects import FlowRun, Log
from prefect.client.schemas.sorting import LogSort
from rich.console import Console

from blocks.deploy_environment import load_live
from deployments.cli.declared import CommandError
from deployments.cli.runs import runs_of
from deployments.follow import Follower, printable
from pipeline.logs.cloudwatch import CloudWatchLogs, Event

_WINDOW_MS = 3_600_000
_PAGE = 200


@dataclass(frozen=True)
class Line:
    """A line of a log."""

    time: datetime
    source: str
    """Beginning of the id of the task that wrote it; "" for a run's own."""
    text: str

    def __str__(self) -> str:
        return " ".join(filter(None, (f"{self.time:%H:%M:%S}", self.source, printable(self.text))))


def show_application_log(environment: str, count: int, as_json: bool) -> int:
    """Print the application's newest lines of the last hour; the times are UTC."""
    _print(application_lines(environment, count), as_json)
    return 0


def show_run_log(
    client: SyncPrefectClient, environment: str, flow: str | None, follow: bool, count: int, as_json: bool
) -> int:
    """Print the newest lines of the newest run; with ``follow`` go on until it has ended."""
    console = Console(stderr=as_json, emoji=False)
    run = newest_run(client, environment, flow)
    console.print(
        f"{printable(run.name)}  {run.state_name}  {run.id}", style="bold", highlight=False, soft_wrap=True
    )
    if follow and not (run.state and run.state.is_final()):
        Follower(client, console, verbose=True).follow(run.id)
    else:
        _print(run_lines(client, run, count), as_json)
    return 0


def _print(lines: Iterable[Line], as_json: bool) -> None:
    if as_json:
        print(json.dumps([asdict(line) for line in lines], indent=2, default=datetime.isoformat))
    else:
        print(*lines, sep="\n")


def newest_run(client: SyncPrefectClient, environment: str, flow: str | None = None) -> FlowRun:
    """Return the run that began last.

    Raises:
        CommandError: none has begun.
    """
    found = runs_of(client, environment, 1, flow=flow)
    if not found:
        raise CommandError(f"No run of {flow or 'any flow'} has begun in {environment}.")
    return found[0]


def run_lines(client: SyncPrefectClient, run: FlowRun, count: int) -> list[Line]:
    """Return the newest lines of a run's log, oldest first."""
    chosen = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run.id]))
    found: list[Log] = []
    while len(found) < count:
        page = client.read_logs(chosen, limit=_PAGE, offset=len(found), sort=LogSort.TIMESTAMP_DESC)
        found += page
        if len(page) < _PAGE:
            break
    return [Line(item.timestamp, "", item.message) for item in found[:count][::-1]]


def application_lines(environment: str, count: int) -> list[Line]:
    """Return the application's newest lines of the last hour, oldest first."""
    live = load_live(environment)
    group = live.outputs.log_group
    logs, until = CloudWatchLogs(live.access), int(time.time() * 1000) + 1000
    since = until - _WINDOW_MS
    events: list[tuple[Event, str]] = [
        (event, stream.name)
        for stream in logs.streams(group)
        if stream.last_ingested is None or stream.last_ingested >= since
        for page in logs.pages(group, stream.name, since, until)
        for event in page
    ]
    newest = sorted(events, key=lambda item: item[0].timestamp)[-count:]
    return [line_of(event, stream) for event, stream in newest]


def line_of(event: Event, stream: str) -> Line:
    """Return what the task of that log stream wrote."""
    at = datetime.fromtimestamp(event.timestamp / 1000, UTC)
    return Line(at, stream.rsplit("/", 1)[-1][:8], event.message.rstrip())
