"""What a run that ended well says of itself."""

import logging

import pytest

from flows.shared import ending
from flows.shared.rollout import RolloutEnd
from pipeline.ecs.outcome import Outcome


def test_the_state_tells_outcome_and_release(monkeypatch: pytest.MonkeyPatch) -> None:
    """The UI and the command line show the state's message; a caller gets the outcome."""
    monkeypatch.setattr(ending, "get_run_logger", lambda: logging.getLogger("test"))
    state = ending.completed("abc-1", RolloutEnd(Outcome.NO_CHANGE, "It runs already."))
    assert state.is_completed()
    assert state.message == "NO_CHANGE: release abc-1. It runs already."
    assert state.data == "NO_CHANGE"
