"""What a run that ended well says of itself."""

import logging

import pytest

from flows.shared import naming
from flows.shared.rollout import RolloutEnd
from pipeline.ecs.model import Outcome


def test_the_state_tells_outcome_and_release(monkeypatch: pytest.MonkeyPatch) -> None:
    """The UI and the command line show the state's message; a caller gets the outcome."""
    monkeypatch.setattr(naming, "get_run_logger", lambda: logging.getLogger("test"))
    state = naming.completed("abc-1", RolloutEnd(Outcome.NO_CHANGE, "It runs already."))
    assert state.is_completed()
    assert state.message == "NO_CHANGE: release abc-1. It runs already."
    assert state.data == "NO_CHANGE"


@pytest.mark.parametrize(
    ("outcome", "cause", "told"),
    [
        (Outcome.FAILED, "a.Error: why", "a.Error: why\n3 tasks stopped"),
        (Outcome.UNHEALTHY, "a.Error: why", "3 tasks stopped\na.Error: why"),
        (Outcome.FAILED, "", "3 tasks stopped"),
    ],
)
def test_a_failure_begins_with_what_explains_it(outcome: Outcome, cause: str, told: str) -> None:
    """The first seventy characters are what a list of runs shows."""
    assert RolloutEnd(outcome, "3 tasks stopped", cause).told == told
