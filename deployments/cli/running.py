"""Starts a flow's deployment and follows the run, or answers a run that waits for a decision."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
from prefect.client.schemas.objects import FlowRun, StateType
from rich.console import Console

from deployments.cli.declared import CommandError
from deployments.cli.runs import runs_of
from deployments.follow import Follower, page_of_run, start


@dataclass(frozen=True)
class Waiting:
    """A suspended run and what it asks."""

    run: str
    id: str
    page: str
    question: str


def show_waiting(client: SyncPrefectClient, environment: str, as_json: bool) -> int:
    """Print what waits in the environment, and how to decide."""
    found = list(waiting(client, environment))
    if as_json:
        print(json.dumps([asdict(item) for item in found], indent=2))
        return 0
    for item in found:
        print(f"{item.run}  {item.page}\n{item.question}\n")
        print(f"Decide: vimbiso approve {environment} {item.id} --by YOUR-NAME (or --reject)\n")
    if not found:
        print(f"No run waits for a decision in {environment}.")
    return 0


def decide(
    client: SyncPrefectClient, environment: str, run: str, *, by: str, note: str, approved: bool
) -> int:
    """Resume the run with the decision.

    Raises:
        CommandError: no such run waits in the environment, or Prefect refuses the decision.
    """
    item = next((item for item in waiting(client, environment) if item.id == run), None)
    if item is None:
        raise CommandError(
            f"No run {run} waits for a decision in {environment}. See: vimbiso approve {environment}"
        )
    chosen = {"approved": approved, "by": by, "note": note}
    answer = client.resume_flow_run(item.id, run_input=chosen)  # type: ignore[arg-type]  # it goes into a path
    if answer.status.value != "ACCEPT":
        raise CommandError(
            f"Prefect did not take the decision: {getattr(answer.details, 'reason', answer.status)}"
        )
    print(f"{item.run}: {'approved' if approved else 'rejected'} by {by}. It goes on: {item.page}")
    return 0


def waiting(client: SyncPrefectClient, environment: str) -> Iterator[Waiting]:
    """Yield the suspended runs of the environment."""
    for run in runs_of(client, environment, state=StateType.PAUSED):
        yield Waiting(run.name, str(run.id), page_of_run(run), _question(client, run))


def _question(client: SyncPrefectClient, run: FlowRun) -> str:
    """Return the text above the form; "" for a run that was suspended without one."""
    keys = run.state.state_details.run_input_keyset if run.state else None
    key = (keys or {}).get("description")
    return str(json.loads(client.read_flow_run_input(run.id, key))) if key else ""


_CODES = {"COMPLETED": 0, "FAILED": 1, "CRASHED": 3, "CANCELLED": 4}
_INTERRUPTED = 130
_ANSWERS = frozenset(
    {"history", "diagnose", "rollback-application", "backup-sqlite", "restore-sqlite", "import-database"}
)
"""Flows that are started for what they find."""


def run_flow(
    client: SyncPrefectClient,
    flow: str,
    environment: str,
    parameters: Mapping[str, Any],
    verbose: bool,
    as_json: bool,
) -> int:
    """Run it to its end; returns the exit code. In JSON the answer alone goes to standard output."""
    console = Console(stderr=as_json, emoji=False)
    name = f"{flow}/{environment}"
    run = start(client, name, dict(parameters))
    console.print(f"{name}: {run.name}  {page_of_run(run)}", style="bold", highlight=False, soft_wrap=True)
    try:
        ended = Follower(client, console, verbose, findings=flow in _ANSWERS).follow(run.id)
    except KeyboardInterrupt:
        again = f"vimbiso logs {environment} {flow} --follow"
        console.print(
            f"Not followed any more; the run goes on. Follow it again: {again}\n"
            f"End it: prefect flow-run cancel {run.id}",
            highlight=False,
            soft_wrap=True,
        )
        return _INTERRUPTED
    if as_json:
        print(json.dumps(_document(client, ended), indent=2))
    else:
        _conclude(console, ended)
    return _CODES.get(ended.state_type.value if ended.state_type else "", 1)


def _conclude(console: Console, run: FlowRun) -> None:
    ending = ": ".join(filter(None, (run.state_name, _message(run))))
    console.print(ending, markup=False, highlight=False, soft_wrap=True)
    if run.state is not None and run.state.is_crashed():
        console.print("Start it again: it goes on where it was.", markup=False, highlight=False)


def _document(client: SyncPrefectClient, run: FlowRun) -> dict[str, Any]:
    """Describe the run and what it found, which are its artifacts: tables as lists of rows."""
    chosen = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run.id]))
    return {
        "run": run.name,
        "id": str(run.id),
        "page": page_of_run(run),
        "state": run.state_name,
        "message": _message(run),
        "artifacts": [
            {
                "key": item.key,
                "description": item.description,
                "data": json.loads(str(item.data)) if item.type == "table" else item.data,
            }
            for item in client.read_artifacts(artifact_filter=chosen)
        ],
    }


def _message(run: FlowRun) -> str:
    return (run.state.message if run.state else None) or ""
