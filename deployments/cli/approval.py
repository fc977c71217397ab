"""Shows the runs that wait for a person's decision, and hands a decision in."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType

from deployments.cli.declared import CommandError
from deployments.follow import page_of_run


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
    paused = FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.PAUSED]))
    found = client.read_flow_runs(
        deployment_filter=DeploymentFilter(name=DeploymentFilterName(any_=[environment])),
        flow_run_filter=FlowRunFilter(state=paused),
    )
    for run in found:
        yield Waiting(run.name, str(run.id), page_of_run(run), _question(client, run))


def _question(client: SyncPrefectClient, run: FlowRun) -> str:
    """Return the text above the form; "" for a run that was suspended without one."""
    keys = run.state.state_details.run_input_keyset if run.state else None
    key = (keys or {}).get("description")
    return str(json.loads(client.read_flow_run_input(run.id, key))) if key else ""
