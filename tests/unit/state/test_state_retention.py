"""Which backups go."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipeline.retention import RetentionPolicy
from pipeline.state.backup import to_remove

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
TIMES = st.lists(
    st.integers(0, 2000 * 24).map(lambda hours: NOW - timedelta(hours=hours)), max_size=80, unique=True
)


def test_years_of_nightly_backups_thin_out() -> None:
    """Seven days, three more week ends, eleven more month ends, one more year end."""
    nightly = [NOW - timedelta(days=days) for days in range(1200)]
    removed = to_remove(nightly, NOW, RetentionPolicy())
    kept = sorted(set(nightly) - set(removed), reverse=True)
    assert kept[:7] == nightly[:7]
    assert len(kept) == 7 + 3 + 11 + 1
    assert {moment.year for moment in kept} == {2026, 2025, 2024}


def test_nothing_goes_while_backing_up_has_stopped() -> None:
    """When the newest is too old, the old ones may be all there is."""
    old = [NOW - timedelta(days=days) for days in range(2, 900)]
    assert to_remove(old, NOW, RetentionPolicy()) == ()
    assert to_remove([], NOW, RetentionPolicy()) == ()


@given(TIMES)
def test_the_newest_and_the_young_always_stay(taken: list[datetime]) -> None:
    """Three newest, and everything within the days of grace."""
    removed = set(to_remove(taken, NOW, RetentionPolicy()))
    assert removed <= set(taken)
    assert removed.isdisjoint(sorted(taken, reverse=True)[:3])
    assert all(NOW - moment > timedelta(days=2) for moment in removed)


@given(TIMES)
def test_removing_twice_removes_nothing_more(taken: list[datetime]) -> None:
    """What one run keeps, the same run keeps again."""
    kept = set(taken) - set(to_remove(taken, NOW, RetentionPolicy()))
    assert to_remove(sorted(kept), NOW, RetentionPolicy()) == ()
