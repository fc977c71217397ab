"""Checks a database file that nobody else uses, and takes its fingerprint."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from typing import Any

from .copying import connect
from .errors import JobError

_SHOWN = 10


def check(path: str, integrity: str) -> dict[str, Any]:
    """Return the fingerprint of a sound database.

    ``integrity`` is "integrity_check" or "quick_check" (which skips indexes). Foreign keys that point
    nowhere are counted, not refused: SQLite does not enforce them unless asked, and a backup must be
    possible all the same.

    Raises:
        JobError: corrupt.
    """
    began = time.monotonic()
    # Only here is immutable right: the file is ours alone, and no -wal or -shm may appear beside it.
    connection = connect(path, "ro", "&immutable=1")
    try:
        _sound(connection, path, integrity)
        found = _fingerprint(connection)
    except sqlite3.DatabaseError as error:
        raise JobError("corrupt", f"{path}: {error}") from error
    finally:
        connection.close()
    found["integrity"] = integrity
    found["check_seconds"] = round(time.monotonic() - began, 3)
    return found


def _sound(connection: sqlite3.Connection, path: str, integrity: str) -> None:
    pragma = "quick_check" if integrity == "quick_check" else "integrity_check"
    faults = [str(row[0]) for row in connection.execute(f"PRAGMA {pragma}({_SHOWN})")]
    if faults != ["ok"]:
        raise JobError("corrupt", f"{path} fails {pragma}: {'; '.join(faults)}")


def _fingerprint(connection: sqlite3.Connection) -> dict[str, Any]:
    statement = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
    names = [str(row[0]) for row in connection.execute(statement)]
    tables = [name for name in names if not name.startswith("sqlite_")]
    return {
        "page_size": _one(connection, "PRAGMA page_size"),
        "page_count": _one(connection, "PRAGMA page_count"),
        "user_version": _one(connection, "PRAGMA user_version"),
        "foreign_key_violations": _violations(connection),
        "rows": {name: _count(connection, name) for name in tables},
        "migrations": _migrations(connection, tables),
        "schema_sha256": _schema(connection),
    }


def _one(connection: sqlite3.Connection, statement: str) -> int:
    return int(connection.execute(statement).fetchone()[0])


def _violations(connection: sqlite3.Connection) -> int:
    """Count without keeping the rows: there may be millions."""
    try:
        return sum(1 for _ in connection.execute("PRAGMA foreign_key_check"))
    except sqlite3.OperationalError:  # a foreign key names a parent column without an index: a schema fault
        return -1


def _count(connection: sqlite3.Connection, table: str) -> int | None:
    """Count rows; None for a virtual table whose module this SQLite does not have."""
    quoted = table.replace('"', '""')
    try:
        return _one(connection, f'SELECT count(*) FROM "{quoted}"')  # noqa: S608 - quoted just above
    except sqlite3.OperationalError as error:
        if "no such module" in str(error):
            return None
        raise


def _migrations(connection: sqlite3.Connection, tables: list[str]) -> list[str]:
    """List Django's applied migrations as app.name, in the order of their application."""
    if "django_migrations" not in tables:
        return []
    rows = connection.execute("SELECT app, name FROM django_migrations ORDER BY id")
    return [f"{app}.{name}" for app, name in rows]


def _schema(connection: sqlite3.Connection) -> str:
    digest = hashlib.sha256()
    statement = "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_master ORDER BY 1, 2, 3"
    for row in connection.execute(statement):
        digest.update("\x1f".join(row).encode("utf-8", "surrogatepass") + b"\x1e")
    return digest.hexdigest()


def differences(expected: dict[str, Any], actual: dict[str, Any]) -> list[str]:
    """Name what a restored database does not have in common with its manifest."""
    keys = (
        "page_size",
        "page_count",
        "user_version",
        "schema_sha256",
        "migrations",
        "foreign_key_violations",
    )
    found = [
        f"{key}: {expected.get(key)} became {actual.get(key)}"
        for key in keys
        if expected.get(key) != actual.get(key)
    ]
    rows, now = expected.get("rows", {}), actual.get("rows", {})
    found += [
        f"rows of {name}: {rows.get(name)} became {now.get(name)}"
        for name in sorted(set(rows) | set(now))
        # A table that could not be counted on one of the two SQLite builds says nothing.
        if rows.get(name, -1) is not None
        and now.get(name, -1) is not None
        and rows.get(name) != now.get(name)
    ]
    return found
