"""Shows what waits for a person's decision, and answers it."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Literal

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import StateType

from deployments.cli.declared import CommandError
from deployments.cli.enrolling import ask_code
from deployments.cli.runs import runs_of
from deployments.follow import form_of, page_of_run, question_of


@dataclass(frozen=True)
class Waiting:
    """A suspended run and what it asks."""

    run: str
    id: str
    key: str
    """Name of what is decided on: another plan has another one."""
    page: str
    question: str
    takes_code: bool
    """Whether an approval takes an approver's one-time code."""


def show_waiting(client: SyncPrefectClient, environment: str, run: str | None, as_json: bool) -> int:
    """Print what waits in the environment, or the one run, and how to decide."""
    found = list(_waiting(client, environment)) if run is None else [_find(client, environment, run)]
    if as_json:
        print(json.dumps([asdict(item) for item in found], indent=2))
        return 0
    for item in found:
        print(f"{item.run}\n{item.page}\n\n{item.question}\n")
        for verb in ("approve", "refuse"):
            print(f"vimbiso {verb} {environment} {item.id} --key {item.key} --by YOUR-NAME")
        print()
    if not found:
        print(f"No run waits for a decision in {environment}.")
    return 0


def decide(
    client: SyncPrefectClient,
    environment: str,
    run: str,
    decision: Literal["approve", "refuse"],
    *,
    by: str,
    note: str,
    key: str,
) -> int:
    """Show what the run asks, and resume it with the decision on that.

    Raises:
        CommandError: no such run waits in the environment, it waits for another decision than the one that
            ``key`` names, or Prefect refuses the decision.
    """
    item = _find(client, environment, run)
    print(f"{item.question}\n")
    if key not in {"", item.key}:
        raise CommandError(f"Nothing was decided: what waits is {item.key}, as shown above, not {key}.")
    chosen = {"decision": decision, "by": by, "note": note, "about": item.key}
    if item.takes_code and decision == "approve":
        chosen["code"] = ask_code(by).get_secret_value()
    answer = client.resume_flow_run(item.id, run_input=chosen)  # type: ignore[arg-type]  # it goes into a path
    if answer.status.value != "ACCEPT":
        raise CommandError(
            f"Prefect did not take the decision: {getattr(answer.details, 'reason', answer.status)}"
        )
    checks = " It checks the code, and asks again where that proves nothing." if "code" in chosen else ""
    print(f"{item.run}: {decision}d by {by}. It goes on: {item.page}{checks}")
    return 0


def _find(client: SyncPrefectClient, environment: str, run: str) -> Waiting:
    item = next((item for item in _waiting(client, environment) if item.id == run), None)
    if item is None:
        raise CommandError(
            f"No run {run} waits for a decision in {environment}. See: vimbiso approve {environment}"
        )
    return item


def _waiting(client: SyncPrefectClient, environment: str) -> Iterator[Waiting]:
    for run in runs_of(client, environment, state=StateType.PAUSED):
        key = run.state.state_details.pause_key if run.state else None
        codes = "code" in form_of(client, run)
        yield Waiting(run.name, str(run.id), key or "", page_of_run(run), question_of(client, run), codes)
