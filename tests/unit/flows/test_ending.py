"""What a run says of itself when it ends."""

import importlib
import logging
import pkgutil
import sys

import pytest
from prefect import Flow

import flows
from flows.shared import ending, naming
from flows.shared.ending import counted, state_is_outcome, without_trace
from flows.shared.rollout import RolloutEnd
from pipeline.ecs.model import EcsError, Outcome

MODULES = [importlib.import_module(f"flows.{item.name}") for item in pkgutil.iter_modules(flows.__path__)]
FLOWS = {item.name: item for module in MODULES for item in vars(module).values() if isinstance(item, Flow)}


@pytest.mark.parametrize("name", sorted(FLOWS))
def test_the_state_of_every_flow_is_its_outcome(name: str) -> None:
    """A flow that goes round this ends without a word, or with Prefect's words before the cause."""
    assert FLOWS[name].fn.__code__.co_filename == ending.__file__


def test_a_sentence_ends_the_run_well() -> None:
    """It is the state's message; a state is taken as it is."""
    state = state_is_outcome(lambda: "2 backups made.")()
    assert (state.name, state.message) == ("Completed", "2 backups made.")
    assert state_is_outcome(lambda: state)() is state


def test_an_error_of_ours_ends_the_run_with_the_cause_first() -> None:
    """Nothing of Prefect's stands before it."""

    def fail() -> str:
        raise EcsError("No task runs. Deploy again.")

    state = state_is_outcome(fail)()
    assert (state.name, state.message) == ("Failed", "No task runs. Deploy again.")


def test_a_defect_is_left_to_prefect() -> None:
    """Only its stack trace helps whoever mends it."""
    with pytest.raises(ZeroDivisionError):
        state_is_outcome(lambda: str(1 / 0))()


@pytest.mark.parametrize(
    ("logger", "error", "kept", "trace"),
    [
        ("prefect.task_runs", EcsError("no"), True, False),
        ("prefect.flow_runs", EcsError("no"), False, False),
        ("prefect.flow_runs", KeyError("no"), True, True),
        ("prefect.task_runs", None, True, False),
    ],
)
def test_only_a_defect_is_logged_with_its_trace(
    logger: str, error: Exception | None, kept: bool, trace: bool
) -> None:
    """What is ours says itself what is wrong; the run's own line is in its state already."""
    try:
        if error:
            raise error
        told = None
    except (EcsError, KeyError):
        told = sys.exc_info()
    record = logging.LogRecord(logger, logging.ERROR, __file__, 1, "It failed", (), told)
    assert without_trace(record) is kept
    assert bool(record.exc_info) is trace
    assert without_trace in logging.getLogger(logger).filters


def test_one_is_not_many() -> None:
    """Nobody reads of 1 backups."""
    assert [counted(number, "backup") for number in (0, 1, 2)] == ["0 backups", "1 backup", "2 backups"]


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
