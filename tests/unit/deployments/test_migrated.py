"""Starts of the Prefect server that leave its database as it is."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from deployments.local.stack import migrated


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Prefect's home, with a database that a server has migrated."""
    migrate(tmp_path, "one")
    return tmp_path


def migrate(home: Path, revision: str) -> None:
    """Bring the database to a revision."""
    with closing(sqlite3.connect(home / "prefect.db")) as database, database:
        database.execute("CREATE TABLE IF NOT EXISTS alembic_version (version_num TEXT)")
        database.execute("DELETE FROM alembic_version")
        database.execute("INSERT INTO alembic_version VALUES (?)", (revision,))


def test_a_database_that_was_noted_is_left_as_it_is(home: Path) -> None:
    """The first start migrates, whatever the database says."""
    assert migrated.variables(home) == {}
    migrated.note(home)
    assert set(migrated.variables(home).values()) == {"false"}


@pytest.mark.parametrize("change", ["older database", "no database", "another file", "Prefect", "note"])
def test_whatever_changed_is_migrated(home: Path, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    """A database that was put back, removed or overwritten, another Prefect, a note that was cut off."""
    migrated.note(home)
    match change:
        case "older database":
            migrate(home, "zero")
        case "no database":
            (home / "prefect.db").unlink()
        case "another file":
            (home / "prefect.db").write_bytes(b"none")
        case "Prefect":
            monkeypatch.setattr(migrated, "version", lambda _: "99")
        case _:
            (home / "migrated.json").write_text('{"prefect"')
    assert migrated.variables(home) == {}


def test_nothing_is_noted_without_a_database(tmp_path: Path) -> None:
    """And nothing is made."""
    migrated.note(tmp_path)
    assert not list(tmp_path.iterdir())
