"""Starts a flow's deployment and follows the run."""

import json
from collections.abc import Mapping
from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
from prefect.client.schemas.objects import FlowRun
from rich.console import Console

from deployments.follow import Follower, page_of_run, start

_CODES = {"COMPLETED": 0, "FAILED": 1, "CRASHED": 3, "CANCELLED": 4}
_INTERRUPTED = 130
_ANSWERS = frozenset(
    {
        "doctor",
        "history",
        "diagnose",
        "rollback-application",
        "backup-sqlite",
        "restore-sqlite",
        "import-database",
    }
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
