"""Putting one database file in the place of another, on files: what is decided, what returns."""

import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from noted_database import database, note

from pipeline.sqlite.job.checks import check
from pipeline.sqlite.job.errors import JobError
from pipeline.sqlite.job.swap import swap

JOURNAL = bytes(512)
"""As SQLite leaves one with journal_mode=persist; any other it would roll back or remove itself."""


def swapped(folder: Path, **spec: Any) -> dict[str, Any]:
    """Put ``new`` in the place of ``db`` and keep that as ``old``."""
    job = {
        name: str(folder / file) for name, file in (("database", "db"), ("incoming", "new"), ("aside", "old"))
    }
    return swap({**job, "integrity": "integrity_check", **spec}, str(folder))


def test_the_new_takes_the_place_and_the_old_is_kept(tmp_path: Path) -> None:
    """Mode and owner stay, so that the application can write it."""
    database(tmp_path / "db", "old").chmod(0o640)
    database(tmp_path / "new", "new")
    assert swapped(tmp_path)["checks"]["rows"] == {"note": 1}
    assert (note(tmp_path / "db"), note(tmp_path / "old")) == ("new", "old")
    assert (tmp_path / "db").stat().st_mode & 0o777 == 0o640
    assert not (tmp_path / "new").exists()


def test_repeating_it_changes_nothing(tmp_path: Path) -> None:
    """A run that was killed after the rename does it again."""
    database(tmp_path / "db", "old")
    database(tmp_path / "new", "new")
    swapped(tmp_path)
    swapped(tmp_path)
    assert (note(tmp_path / "db"), note(tmp_path / "old")) == ("new", "old")


def test_the_first_database_needs_no_old_one(tmp_path: Path) -> None:
    """There is nothing to keep."""
    database(tmp_path / "new", "new")
    swapped(tmp_path)
    assert note(tmp_path / "db") == "new"
    assert not (tmp_path / "old").exists()


def test_without_a_new_one_nothing_is_touched(tmp_path: Path) -> None:
    """The old database stays under its name."""
    database(tmp_path / "db", "old")
    with pytest.raises(JobError, match="no file") as caught:
        swapped(tmp_path)
    assert caught.value.kind == "no-database"
    assert note(tmp_path / "db") == "old"


def test_one_file_under_both_names_is_in_place(tmp_path: Path) -> None:
    """So it is where the old database was put back."""
    database(tmp_path / "db", "old")
    os.link(tmp_path / "db", tmp_path / "new")
    swapped(tmp_path)
    assert note(tmp_path / "db") == "old"


def test_another_database_than_the_expected_one_gives_way_to_the_old(tmp_path: Path) -> None:
    """Checked in place; the first one ever has no old one to return to."""
    expected = {**check(str(database(tmp_path / "other", "x")), "integrity_check"), "rows": {"note": 7}}
    database(tmp_path / "db", "old")
    database(tmp_path / "new", "new")
    (tmp_path / "old.returning").write_text("left by a run that was killed")
    with pytest.raises(JobError, match="not the backed-up one") as caught:
        swapped(tmp_path, expected=expected)
    assert caught.value.kind == "differs"
    assert (note(tmp_path / "db"), note(tmp_path / "old")) == ("old", "old")
    (tmp_path / "alone").mkdir()
    database(tmp_path / "alone" / "new", "new")
    with pytest.raises(JobError):
        swapped(tmp_path / "alone", expected=expected)
    assert note(tmp_path / "alone" / "db") == "new"


def test_a_database_in_use_is_not_replaced(tmp_path: Path) -> None:
    """Somebody's writes would be lost."""
    database(tmp_path / "db", "old")
    database(tmp_path / "new", "new")
    holder = sqlite3.connect(tmp_path / "db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(JobError, match="stop the service first") as caught:
            swapped(tmp_path)
    finally:
        holder.close()
    assert caught.value.kind == "in-use"
    assert note(tmp_path / "db") == "old"


def test_a_database_too_broken_to_open_is_set_aside_as_it_is(tmp_path: Path) -> None:
    """With its journal: somebody may make something of it. It returns in whatever state it is."""
    (tmp_path / "db").write_bytes(b"broken" * 1000)
    (tmp_path / "db-journal").write_bytes(JOURNAL)
    database(tmp_path / "new", "new")
    swapped(tmp_path)
    assert note(tmp_path / "db") == "new"
    assert (tmp_path / "old").read_bytes() == b"broken" * 1000
    assert (tmp_path / "old-journal").read_bytes() == JOURNAL
    assert not (tmp_path / "db-journal").exists()
    job = {"incoming": str(tmp_path / "old"), "aside": str(tmp_path / "new-kept"), "integrity": "none"}
    assert swapped(tmp_path, **job)["checks"] == {}
    assert (tmp_path / "db").read_bytes() == b"broken" * 1000
    assert (tmp_path / "db-journal").read_bytes() == JOURNAL


def test_a_name_that_is_taken_is_not_written_over(tmp_path: Path) -> None:
    """It may be the old database of an earlier restore."""
    database(tmp_path / "db", "old")
    database(tmp_path / "new", "new")
    database(tmp_path / "old", "older")
    with pytest.raises(JobError, match="another file") as caught:
        swapped(tmp_path)
    assert caught.value.kind == "exists"
    assert (note(tmp_path / "db"), note(tmp_path / "old")) == ("old", "older")


def test_the_old_journal_returns_with_the_old_database(tmp_path: Path) -> None:
    """Without it the old database would lack what the journal holds."""
    (tmp_path / "db").write_bytes(b"broken" * 1000)
    (tmp_path / "db-journal").write_bytes(JOURNAL)
    database(tmp_path / "new", "new")
    with pytest.raises(JobError):
        swapped(tmp_path, expected={"integrity": "other"})
    assert (tmp_path / "db").read_bytes() == b"broken" * 1000
    assert (tmp_path / "db-journal").read_bytes() == JOURNAL
