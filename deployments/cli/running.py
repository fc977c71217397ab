"""Carries a command out and returns the process's exit code."""

import sys

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.settings import PREFECT_API_URL
from rich.console import Console

from deployments.cli.arguments import Chosen
from deployments.cli.errors import CommandError
from deployments.cli.logs import show_logs
from deployments.cli.parameters import read_parameters
from deployments.cli.status import show_status
from deployments.follow import Follower, find, page_of_run, start
from pipeline.environment.catalogue import environment
from pipeline.errors import PipelineError

_CODES = {"COMPLETED": 0, "FAILED": 1, "CRASHED": 3, "CANCELLED": 4}
_NOT_STARTED, _INTERRUPTED = 2, 130
_ANSWERS = frozenset({"history", "diagnose", "backup", "restore"})
"""Verbs that are typed for what they find."""


def run(chosen: Chosen) -> int:
    """Carry the command out."""
    console = Console()
    try:
        environment(chosen.environment)
        if not PREFECT_API_URL.value():
            raise CommandError("Which Prefect server? Set PREFECT_API_URL (or log in to Prefect Cloud).")
        with get_client(sync_client=True) as client:
            return _run(chosen, client, console)
    except PipelineError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the command's answer
    except (
        httpx.HTTPError,
        RuntimeError,
    ) as error:  # RuntimeError: what Prefect's client makes of a dead server
        print(_unreachable(error), file=sys.stderr)  # noqa: T201 - the command's answer
    except KeyboardInterrupt:
        return _INTERRUPTED
    return _NOT_STARTED


def _run(chosen: Chosen, client: SyncPrefectClient, console: Console) -> int:
    if chosen.verb == "status":
        return show_status(client, console, chosen.environment)
    if chosen.verb == "logs":
        return show_logs(client, console, chosen)
    return _start(chosen, client, console)


def _start(chosen: Chosen, client: SyncPrefectClient, console: Console) -> int:
    name = f"{chosen.flow}/{chosen.environment}"
    schema = find(client, name).parameter_openapi_schema or {}
    parameters = read_parameters(chosen.parameters, schema)
    run = start(client, name, parameters)
    console.print(f"{name}: {run.name}  {page_of_run(run)}", style="bold", highlight=False, soft_wrap=True)
    try:
        follower = Follower(client, console, chosen.verbose, findings=chosen.verb in _ANSWERS)
        ended = follower.follow(run.id)
    except KeyboardInterrupt:
        again = f"python -m deployments logs {chosen.environment} {chosen.flow} -f"
        console.print(
            f"Not followed any more; the run goes on. Follow it again: {again}\n"
            f"End it: prefect flow-run cancel {run.id}",
            highlight=False,
            soft_wrap=True,
        )
        raise
    return _conclude(console, ended)


def _conclude(console: Console, run: FlowRun) -> int:
    message = (run.state.message if run.state else None) or ""
    console.print(
        ": ".join(filter(None, (run.state_name, message))), markup=False, highlight=False, soft_wrap=True
    )
    if run.state is not None and run.state.is_crashed():
        console.print("Start it again: it goes on where it was.", markup=False, highlight=False)
    return _CODES.get(run.state_type.value if run.state_type else "", 1)


def _unreachable(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError) and error.response.status_code == httpx.codes.UNAUTHORIZED:
        return (
            f"The Prefect server at {PREFECT_API_URL.value()} asks for a password. Set "
            "PREFECT_API_AUTH_STRING to it; make status says where the local one's is."
        )
    return (
        f"The Prefect server at {PREFECT_API_URL.value()} did not answer as expected: "
        f"{' '.join(str(error).split())[:300] or type(error).__name__}"
        "\nDoes it run? The local one: make up"
    )
