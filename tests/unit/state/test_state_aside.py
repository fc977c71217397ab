"""What each apply and each restore leaves beside the state has an end."""

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.clock import utc_now
from pipeline.retention import RetentionPolicy
from pipeline.state import backup
from pipeline.state.aside import KEPT, YOUNG, past_their_time
from pipeline.state.backend import StateBackend
from pipeline.state.backup import backup_state, would_back_up
from pipeline.state.bucket import bootstrap

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
OLD = NOW - YOUNG - timedelta(days=1)
STATE = b'{"version": 4, "serial": 7, "lineage": "abc", "resources": []}'


def test_the_newest_of_a_kind_stay_whatever_their_age() -> None:
    """As many as a way back is looked for in."""
    written = {f"snapshots/staging/{number:08d}-run.tfstate": OLD for number in range(KEPT + 3)}
    assert past_their_time(written, NOW) == tuple(sorted(written)[:3])


def test_the_young_stay_however_many_they_are() -> None:
    """A month with an apply each hour loses nothing of it."""
    written = {f"snapshots/staging/{number:08d}-run.tfstate": NOW - YOUNG for number in range(KEPT * 3)}
    assert past_their_time(written, NOW) == ()


def test_the_age_counts_and_not_the_name() -> None:
    """A state that was made again begins with serial 1, and its snapshots are not the oldest for that."""
    written = {f"snapshots/staging/{number:08d}-run.tfstate": OLD for number in range(100, 100 + KEPT)}
    written["snapshots/staging/00000001-run.tfstate"] = OLD + timedelta(hours=1)
    assert past_their_time(written, NOW) == ("snapshots/staging/00000100-run.tfstate",)


def test_a_record_goes_as_a_whole_and_never_leaves_a_record_without_its_bundle() -> None:
    """Its record, which makes it one, goes before its bundle; where either is young both stay."""
    names = [f"records/staging/{number:04d}" for number in range(1, KEPT + 1)]
    written = {f"{name}/{part}": OLD for name in names for part in ("bundle.tar.gz", "record.json")}
    written |= {"records/staging/0000/bundle.tar.gz": OLD, "records/staging/0000/record.json": NOW}
    assert past_their_time(written, NOW) == (f"{names[0]}/record.json", f"{names[0]}/bundle.tar.gz")


def test_the_nightly_backup_ends_them(home: StateBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """The preview names what the run removes; another environment's stay; a second run finds nothing more."""
    home.write(home.backend.key, STATE)
    for number in range(KEPT + 2):
        for kind in ("snapshots", "replaced", "locks"):
            home.write(f"{kind}/staging/{number:08d}.tfstate", STATE)
        home.write(f"snapshots/production/{number:08d}.tfstate", STATE)
    later = utc_now() + YOUNG + timedelta(days=1)
    monkeypatch.setattr(backup, "utc_now", lambda: later)
    past = tuple(
        f"{kind}/staging/{number:08d}.tfstate"
        for kind in ("snapshots", "replaced", "locks")
        for number in (0, 1)
    )
    assert would_back_up(home, RetentionPolicy()).removed == past
    assert backup_state(home, RetentionPolicy()).removed == past
    assert len(home.keys("snapshots/production/")) == KEPT + 2
    assert backup_state(home, RetentionPolicy()).removed == ()


def test_replaced_and_removed_versions_end(empty_home: StateBackend) -> None:
    """Without a rule, a versioned bucket keeps each state that was ever written."""
    backend = empty_home.backend
    bootstrap(empty_home.access, backend.bucket, backend.lock_table)
    s3 = empty_home.access.client("s3")
    rules = s3.get_bucket_lifecycle_configuration(Bucket=backend.bucket)["Rules"]
    whole = [rule for rule in rules if rule["Filter"].get("Prefix") == ""]
    assert [rule["NoncurrentVersionExpiration"]["NoncurrentDays"] for rule in whole] == [90]
    assert not bootstrap(empty_home.access, backend.bucket, backend.lock_table).changed
