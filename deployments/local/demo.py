"""The whole job on this machine: infrastructure and application, built, deployed and verified."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from rich.console import Console

from blocks.deploy_environment import load_live
from deployments.follow import Follower, page_of_run, start
from deployments.local.stack.commands import up
from deployments.local.stack.secrets import show_password
from deployments.local.stack.settings import Settings
from deployments.registered import ensure_registered
from pipeline.errors import PipelineError
from pipeline.release.model import ReleaseRecord

ENVIRONMENT = "local"
RUNS = ("bootstrap-state", "deploy-infrastructure", "sync-secrets", "deploy-application")


def run_demo() -> None:
    """Run the demo.

    Raises:
        PipelineError: not everything succeeded.
    """
    console = Console(emoji=False)
    began = time.monotonic()
    prepare(console)
    with get_client(sync_client=True) as client:
        runs = {flow: _run(client, console, flow) for flow in RUNS}
    summarise(console, runs, time.monotonic() - began)


def prepare(console: Console) -> None:
    """Bring the stack up and register the local environment."""
    _step(console, "The local stack", lambda: up(Settings.read(), console.print))
    _step(console, "Blocks and deployments", lambda: ensure_registered([ENVIRONMENT]))


def _step(console: Console, name: str, action: Any) -> None:
    began = time.monotonic()
    with console.status(name):
        action()
    console.print(f"[bold]{name}[/bold] ({time.monotonic() - began:.1f} s)", highlight=False)


def _run(client: SyncPrefectClient, console: Console, flow: str) -> str:
    """Run one flow through its deployment; return the address of its page."""
    run = start(client, f"{flow}/{ENVIRONMENT}")
    page = page_of_run(run)
    console.print(f"[bold]{flow}[/bold]  [dim]{page}[/dim]", highlight=False, soft_wrap=True)
    ended = Follower(client, console).follow(run.id)
    if ended.state is None or not ended.state.is_completed():
        reason = ended.state.message if ended.state else "no state"
        raise PipelineError(f"{flow} ended as {ended.state_name}: {reason}\nIts log: {page}")
    return page


def summarise(console: Console, runs: dict[str, str], seconds: float) -> None:
    """Ask the application as its users do, and show what runs and where to look."""
    live = load_live(ENVIRONMENT)
    asked = live.probe()
    answer = httpx.get(asked.url, headers={"Host": asked.host or ""}, trust_env=False)
    records, tasks = live.releases.newest(1), live.service.tasks()
    lines = _lines(live.page, records, len(tasks), f"HTTP {answer.status_code}")
    console.print("\n[bold]Vimbiso Pay runs[/bold]")
    entry = ("The UI's password", show_password(Settings.read()))
    for name, detail in (*lines, *runs.items(), entry, ("Total time", f"{seconds:.0f} s")):
        console.print(f"  {name:<22}{detail}", markup=False, highlight=False, soft_wrap=True)
    if not asked.codes.accepts(answer.status_code):
        raise PipelineError(f"{asked.url} answers HTTP {answer.status_code}.")


def _lines(page: str, records: list[ReleaseRecord], tasks: int, answer: str) -> Iterator[tuple[str, str]]:
    """Yield names and values; addresses stay whole, so that they can be clicked."""
    for record in records:
        yield "Release", f"{record.release} ({record.outcome} {record.ended_at:%H:%M:%S} UTC)"
        yield "Image", record.image_digest
    yield "Tasks", str(tasks)
    yield "Application", f"{page} ({answer})"
