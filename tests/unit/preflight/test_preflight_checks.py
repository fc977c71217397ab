"""How a list of checks is run and judged."""

from threading import Barrier

import pytest

from pipeline.preflight.model import (
    Check,
    CheckFailedError,
    CheckResult,
    CheckSkippedError,
    CheckStatus,
    faults,
    run_checks,
)


def _raise(error: Exception) -> str:
    raise error


WELL = Check("well", lambda: "as it should be")
WRONG = Check("wrong", lambda: _raise(CheckFailedError("fix it")))
UNTOLD = Check("untold", lambda: _raise(CheckSkippedError("does not apply")))


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        (WELL, CheckResult("well", CheckStatus.OK, "as it should be")),
        (WRONG, CheckResult("wrong", CheckStatus.NG, "fix it")),
        (UNTOLD, CheckResult("untold", CheckStatus.SKIP, "does not apply")),
    ],
    ids=lambda item: item.name,
)
def test_each_answer_has_its_status(check: Check, expected: CheckResult) -> None:
    """What a check returns is well, what it raises is wrong or skipped, each with its reason."""
    assert run_checks([check]) == (expected,)


def test_every_check_is_run() -> None:
    """A wrong one does not end the others: all is told at once."""
    assert [item.status for item in run_checks([WRONG, WELL, UNTOLD])] == ["NG", "OK", "SKIP"]


@pytest.mark.parametrize("needed", ["wrong", "untold", "unknown"])
def test_a_check_whose_needs_are_not_ok_is_skipped(needed: str) -> None:
    """It is not asked, and the reason names what it needs."""
    asked: list[str] = []
    later = Check("later", lambda: asked.append("later") or "", needs=(needed,))
    found = run_checks([WRONG, UNTOLD, later])[-1]
    assert found == CheckResult("later", CheckStatus.SKIP, f"needs {needed}")
    assert asked == []


def test_checks_that_do_not_need_each_other_are_asked_at_once() -> None:
    """Each waits for the other's question: in turn they would never end."""
    both = Barrier(2, timeout=240)
    first, second = (Check(name, lambda: str(both.wait())) for name in ("first", "second"))
    assert [item.status for item in run_checks([first, second])] == ["OK", "OK"]


def test_only_wrong_answers_speak_against_deploying() -> None:
    """A skipped check is no fault."""
    assert [item.name for item in faults(run_checks([WELL, WRONG, UNTOLD]))] == ["wrong"]


def test_a_defect_is_not_an_answer() -> None:
    """An error that nobody raised on purpose is not swallowed."""
    with pytest.raises(ZeroDivisionError):
        run_checks([Check("broken", lambda: str(1 / 0))])
