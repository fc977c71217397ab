"""Names in the bucket."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from pipeline.sqlite import layout
from pipeline.sqlite.model import DatabaseBackup

AT = datetime(2026, 1, 2, 1, 30, tzinfo=timezone(timedelta(hours=2)))
KEY = "sqlite/staging/2026/01/01/20260101T233000Z-ab12cd.gz"


def test_a_key_tells_time_and_id() -> None:
    """Times are UTC whatever the caller's zone."""
    assert layout.stem("staging", AT, "ab12cd") + ".gz" == KEY
    assert layout.parse(KEY) == DatabaseBackup(KEY, "ab12cd", AT.astimezone(UTC))


def test_a_backup_of_an_earlier_version_is_one() -> None:
    """Its database is packed otherwise."""
    old = KEY.removesuffix(".gz") + ".zst"
    assert [item.key for item in layout.committed([old, old + layout.MANIFEST])] == [old]


def test_only_data_with_a_manifest_is_a_backup() -> None:
    """The manifest commits; a verdict unverifies."""
    other = KEY.replace("ab12cd", "ffff")
    keys = [KEY, KEY + layout.MANIFEST, KEY + layout.UNUSABLE, other, "sqlite/staging/readme"]
    assert [(item.id, item.verified) for item in layout.committed(keys)] == [("ab12cd", False)]
    assert layout.uncommitted(keys) == (other, "sqlite/staging/readme")


@pytest.mark.parametrize(
    ("mark", "why"), [(layout.REPLACED, "replaced by a restore"), (layout.IMPORTED, "imported")]
)
def test_a_copy_that_is_none_of_the_live_database_is_marked(mark: str, why: str) -> None:
    """The mark belongs to the backup, and alone it is none."""
    found = layout.committed([KEY, KEY + layout.MANIFEST, KEY + mark])
    assert [(item.verified, item.apart, item.counts) for item in found] == [(True, why, False)]
    assert layout.uncommitted([KEY, KEY + layout.MANIFEST, KEY + mark]) == ()
    assert layout.uncommitted([KEY + mark]) == (KEY + mark,)


def test_a_manifest_without_data_is_no_backup() -> None:
    """Somebody deleted the data."""
    assert layout.committed([KEY + layout.MANIFEST]) == ()
    assert layout.uncommitted([KEY + layout.MANIFEST]) == (KEY + layout.MANIFEST,)


def test_backups_come_newest_first() -> None:
    """Callers take the first."""
    keys = [f"sqlite/e/2026/01/0{day}/2026010{day}T000000Z-a{day}.gz" for day in (1, 3, 2)]
    found = layout.committed([*keys, *(key + layout.MANIFEST for key in keys)])
    assert [item.id for item in found] == ["a3", "a2", "a1"]
