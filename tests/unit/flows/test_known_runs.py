"""What a run's state says of its process."""

from types import SimpleNamespace
from typing import cast
from uuid import UUID, uuid4

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import State, StateType
from prefect.exceptions import ObjectNotFound

from pipeline.state.model import RunStatus
from tasks.lease import judge_state, statuses

CASES = {
    StateType.RUNNING: RunStatus.ALIVE,
    StateType.CANCELLING: RunStatus.ALIVE,
    StateType.COMPLETED: RunStatus.GONE,
    StateType.FAILED: RunStatus.GONE,
    StateType.CRASHED: RunStatus.GONE,
    StateType.CANCELLED: RunStatus.GONE,
    StateType.PAUSED: RunStatus.GONE,
    StateType.SCHEDULED: RunStatus.UNKNOWN,
    StateType.PENDING: RunStatus.UNKNOWN,
}


class FakeClient:
    """Knows some runs."""

    def __init__(self, runs: dict[str, StateType]) -> None:
        self.runs = runs

    def read_flow_run(self, run_id: UUID) -> SimpleNamespace:
        """As Prefect's client answers."""
        if str(run_id) not in self.runs:
            raise ObjectNotFound(None)  # type: ignore[arg-type]
        return SimpleNamespace(state=State(type=self.runs[str(run_id)]))


@pytest.mark.parametrize("state", list(StateType))
def test_every_state_is_judged(state: StateType) -> None:
    """A run that ended or is suspended holds no lock; one at work may."""
    assert judge_state(State(type=state)) is CASES[state]


def test_a_run_without_a_state_is_not_known() -> None:
    """Nothing is made of nothing."""
    assert judge_state(None) is RunStatus.UNKNOWN


def test_runs_that_prefect_does_not_know_are_left_out() -> None:
    """A run of another server, and what is no run id at all, stay unknown."""
    mine, other = str(uuid4()), str(uuid4())
    client = cast("SyncPrefectClient", FakeClient({mine: StateType.CRASHED}))
    assert statuses(client, [mine, other, "by-hand"]) == {mine: RunStatus.GONE}
