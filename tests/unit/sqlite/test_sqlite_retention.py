"""Retention: a table of what the rules keep, and what must hold for any backups."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.retention import RetentionPolicy
from pipeline.sqlite.layout import decide
from pipeline.sqlite.model import DatabaseBackup

NOW = datetime(2026, 3, 15, 3, 0, tzinfo=UTC)
POLICY = RetentionPolicy()


def nightly(days: int, verified: bool = True) -> DatabaseBackup:
    """Return the backup of so many days ago."""
    at = NOW - timedelta(days=days, hours=1)
    return DatabaseBackup(key=f"k{days}", id=f"{days:06d}", at=at, verified=verified)


def test_three_years_of_nights_shrink_to_the_rules() -> None:
    """Seven days, five weeks, twelve months, three years; some backups serve several rules."""
    decision = decide([nightly(days) for days in range(1100)], NOW, POLICY)
    kept = [item.backup.at.date().isoformat() for item in decision.kept]
    assert kept == [
        "2026-03-15",
        "2026-03-14",
        "2026-03-13",
        "2026-03-12",
        "2026-03-11",
        "2026-03-10",
        "2026-03-09",
        "2026-03-08",
        "2026-03-01",
        "2026-02-28",
        "2026-02-22",
        "2026-02-15",
        "2026-01-31",
        "2025-12-31",
        "2025-11-30",
        "2025-10-31",
        "2025-09-30",
        "2025-08-31",
        "2025-07-31",
        "2025-06-30",
        "2025-05-31",
        "2025-04-30",
        "2024-12-31",
    ]
    assert decision.kept[0].reasons == ("newest", "day", "week", "month", "year", "grace")
    assert len(decision.pruned) == 1100 - len(kept)


@pytest.mark.parametrize(
    ("backups", "expected"),
    [
        ([], "no verified backup"),
        ([nightly(0, verified=False), nightly(9, verified=False)], "no verified backup"),
        ([nightly(days) for days in range(2, 90)], "49 h old"),
        ([nightly(0, verified=False), *[nightly(days) for days in range(2, 90)]], "49 h old"),
        ([nightly(-3), *[nightly(days) for days in range(2, 90)]], "49 h old"),
    ],
    ids=["none", "none-verified", "stale", "only-a-bad-one-is-fresh", "only-the-future-is-fresh"],
)
def test_nothing_is_pruned_without_a_fresh_verified_backup(
    backups: list[DatabaseBackup], expected: str
) -> None:
    """When backups fail, old ones become dear."""
    decision = decide(backups, NOW, POLICY)
    assert decision.pruned == ()
    assert expected in (decision.refusal or "")


def test_an_unusable_backup_takes_no_place_and_goes_after_the_grace() -> None:
    """It stays for two days so that somebody can look at it."""
    backups = [nightly(0), nightly(1, verified=False), nightly(3, verified=False)]
    decision = decide(backups, NOW, POLICY)
    assert [item.id for item in decision.pruned] == ["000003"]
    assert decision.kept[1].reasons == ("grace",)


def test_a_copy_of_what_a_restore_replaced_stays_a_month_and_proves_nothing() -> None:
    """It takes no place of a backup of the live database, and is no sign that backups work."""
    copies = [replace(nightly(days), apart="replaced by a restore") for days in (0, 29, 31)]
    assert "49 h old" in (decide([*copies, nightly(2)], NOW, POLICY).refusal or "")
    decision = decide([*copies, nightly(1)], NOW, POLICY)
    assert [item.id for item in decision.pruned] == ["000031"]
    why = {item.backup.id: item.reasons for item in decision.kept}
    assert why["000029"] == ("replaced by a restore",)
    assert why["000001"] == ("newest", "day", "week", "month", "year", "grace")


def test_a_policy_that_keeps_nothing_is_refused() -> None:
    """The newest backup is never a matter of policy."""
    with pytest.raises(ValueError, match="newest"):
        RetentionPolicy(newest=0)


AGES = st.lists(
    st.tuples(st.integers(min_value=-60 * 24, max_value=60 * 24 * 1500), st.booleans()), max_size=120
)
POLICIES = st.builds(
    RetentionPolicy,
    days=st.integers(0, 10),
    weeks=st.integers(0, 10),
    months=st.integers(0, 14),
    years=st.integers(0, 4),
    newest=st.integers(1, 5),
)


def made(ages: list[tuple[int, bool]]) -> list[DatabaseBackup]:
    """Return backups from minutes of age and verification."""
    return [
        DatabaseBackup(
            key=f"k{number}", id=f"{number:06d}", at=NOW - timedelta(minutes=minutes), verified=verified
        )
        for number, (minutes, verified) in enumerate(ages)
    ]


@given(AGES, POLICIES)
def test_the_last_good_backups_always_stay(ages: list[tuple[int, bool]], policy: RetentionPolicy) -> None:
    """The newest verified ones are never pruned, nor is anything young."""
    backups = made(ages)
    decision = decide(backups, NOW, policy)
    pruned = set(decision.pruned)
    newest = sorted((item for item in backups if item.verified), key=lambda item: item.at, reverse=True)
    survivors = [item for item in newest if item not in pruned]
    assert [item.at for item in survivors[: policy.newest]] == [item.at for item in newest[: policy.newest]]
    assert all(item.at <= NOW - policy.grace for item in pruned)
    if pruned:
        assert any(item.verified and timedelta() <= NOW - item.at <= policy.stale for item in survivors)


@given(AGES, POLICIES)
def test_every_backup_is_either_kept_or_pruned_and_pruning_twice_changes_nothing(
    ages: list[tuple[int, bool]], policy: RetentionPolicy
) -> None:
    """The decision is complete and stable."""
    backups = made(ages)
    decision = decide(backups, NOW, policy)
    kept = [item.backup for item in decision.kept]
    assert sorted([*kept, *decision.pruned], key=lambda item: item.id) == backups
    assert decide(kept, NOW, policy).pruned == ()


@given(AGES, POLICIES, st.integers(1, 30 * 24))
def test_a_period_keeps_its_representative_as_time_goes_on(
    ages: list[tuple[int, bool]], policy: RetentionPolicy, hours: int
) -> None:
    """Pruning now and again later leaves the same as pruning only later."""
    later = NOW + timedelta(hours=hours)
    backups = [item for item in made(ages) if item.at <= NOW]
    fresh = DatabaseBackup(key="fresh", id="fresh", at=later)
    first = [item.backup for item in decide(backups, NOW, policy).kept]
    stepwise = {item.backup for item in decide([*first, fresh], later, policy).kept}
    at_once = {item.backup for item in decide([*backups, fresh], later, policy).kept}
    assert {item for item in stepwise if item.verified} >= {item for item in at_once if item.verified}
