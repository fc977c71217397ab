"""Which copies count as fresh, old and missing."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipeline.freshness.judge import LIMIT, Copies, Freshness, judge

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOURS = st.integers(min_value=-100, max_value=100)


def _copies(*hours: int, due: datetime | None = None) -> Copies:
    """Return copies of so many hours ago."""
    return Copies("a log", tuple(NOW - timedelta(hours=hour) for hour in hours), "archive-logs", due)


def test_the_newest_copy_is_judged() -> None:
    """Older ones beside it are no fault."""
    found = judge(_copies(50, 26, 99), NOW)
    assert (found.verdict, found.age, found.bad, found.next_step) == (Freshness.FRESH, LIMIT, False, "")


def test_an_old_copy_names_the_flow_that_makes_the_next() -> None:
    """The reader need not know which flow it is."""
    found = judge(_copies(27), NOW)
    assert (found.verdict, found.bad) == (Freshness.OLD, True)
    assert "archive-logs" in found.next_step


def test_a_copy_from_the_future_is_none() -> None:
    """A clock that was wrong proves nothing."""
    assert judge(_copies(-1), NOW).verdict is Freshness.MISSING
    assert judge(_copies(-1, 27), NOW).verdict is Freshness.OLD


def test_what_is_too_young_for_a_copy_is_not_missed() -> None:
    """Until the limit after the first moment that there can be one."""
    young, grown = (judge(_copies(due=NOW - LIMIT - timedelta(seconds=late)), NOW) for late in (0, 1))
    assert (young.verdict, young.bad) == (Freshness.NOT_DUE, False)
    assert (grown.verdict, grown.bad) == (Freshness.MISSING, True)


@given(st.lists(HOURS), st.integers(min_value=1, max_value=99))
def test_all_is_well_exactly_when_one_copy_is_within_the_limit(hours: list[int], limit: int) -> None:
    """Whatever else lies about."""
    found = judge(_copies(*hours), NOW, timedelta(hours=limit))
    assert found.bad != any(0 <= hour <= limit for hour in hours)
