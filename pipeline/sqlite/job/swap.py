"""Puts one database file in the place of another and keeps the old one; may be killed and repeated."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from .checks import check, differences
from .copying import connect
from .errors import JobError
from .report import log
from .restore import sync_folder

_SIDES = ("-journal", "-wal", "-shm")


def swap(job: dict[str, Any], _work: str) -> dict[str, Any]:
    """Put ``incoming`` in the place of ``database`` and keep the present one as ``aside``.

    Nobody may use the database: the caller has stopped the application. ``database`` is never absent: the old
    file gets a second name first, then one rename replaces it. Should the new file not pass its check in
    place, or not be what ``expected`` (a manifest's checks) says, the old one returns. Repeating a swap that
    is done changes nothing. On SIGTERM the exchange of names happens whole or not at all; while the new file
    is checked in place, SIGTERM puts the old one back.

    Raises:
        JobError: no-database (incoming is missing), in-use, exists, corrupt, differs, io, stopped.
    """
    database, incoming, aside = job["database"], job["incoming"], job["aside"]
    if _same(incoming, database):
        log(f"{incoming} is {database} already")
    elif os.path.exists(incoming):
        _checked(incoming, job["integrity"])
        if os.path.exists(database):
            quiet(database)
    elif not is_in_place(database, aside):
        raise JobError("no-database", f"there is no file {incoming} to put in place")
    with unbroken():
        put(incoming, database, aside)
    try:
        checked = _checked(database, job["integrity"])
        _expected(job.get("expected"), checked)
    except JobError:
        with unbroken():
            restore_previous(database, aside)
        raise
    log(f"{incoming} is now {database}; the old one is {aside}")
    return {"database": database, "aside": aside, "checks": checked}


@contextmanager
def unbroken() -> Iterator[None]:
    """Put SIGTERM off until what must be done whole is done."""
    told: list[int] = []

    def later(number: int, _frame: FrameType | None) -> None:
        told.append(number)

    before = signal.signal(signal.SIGTERM, later)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
    if told and callable(before):
        before(signal.SIGTERM, None)


def put(incoming: str, database: str, aside: str) -> None:
    """Exchange the names, or what a killed swap has left of it; journals and logs follow their files."""
    if os.path.exists(incoming) and not _same(incoming, database):
        if os.path.exists(database):
            keep(database, aside)
        replace(incoming, database)
    _bring_sides(incoming, database)


def _bring_sides(source: str, target: str) -> None:
    """Move what belongs to a file after the file: beside another, SQLite would apply it to that one."""
    for side in _SIDES:
        if os.path.exists(source + side) and not os.path.exists(target + side):
            os.replace(source + side, target + side)
    sync_folder(os.path.dirname(target))


def _same(one: str, other: str) -> bool:
    """Whether both names are of one file: so the old database is found that was put back."""
    return os.path.exists(one) and os.path.exists(other) and os.path.samefile(one, other)


def _expected(expected: dict[str, Any] | None, checked: dict[str, Any]) -> None:
    wrong = differences(expected, checked) if expected else []
    if wrong:
        raise JobError("differs", f"the database in place is not the backed-up one: {'; '.join(wrong)}")


def is_in_place(database: str, aside: str) -> bool:
    """Whether an earlier, killed swap came as far as the rename."""
    both = os.path.exists(database) and os.path.exists(aside)
    return both and not os.path.samefile(database, aside)


def _checked(path: str, integrity: str) -> dict[str, Any]:
    """Check; "none" lets any file pass: the one that ran before returns in whatever state it is."""
    return {} if integrity == "none" else check(path, integrity)


def quiet(database: str) -> None:
    """Roll back or check in what a journal or log holds, and see that nobody holds a lock.

    A database too broken to open has no users to ask: it is set aside with its journal as it is.
    """
    try:
        connection = connect(database, "rw")
        try:
            connection.execute("PRAGMA busy_timeout=3000")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            connection.close()
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise JobError("in-use", f"somebody still uses {database}; stop the service first") from error
    except sqlite3.DatabaseError:
        log(f"{database} cannot be opened; it is set aside as it is")


def keep(database: str, aside: str) -> None:
    """Give the old file a second name, and move its journal and log along."""
    try:
        os.link(database, aside)
    except FileExistsError as error:
        if not os.path.samefile(database, aside):
            raise JobError("exists", f"{aside} exists and is another file; choose another name") from error
    for side in _SIDES:
        if os.path.exists(database + side):
            os.replace(database + side, aside + side)
    sync_folder(os.path.dirname(aside))


def replace(incoming: str, database: str) -> None:
    """Rename over the old file; owner and mode of the old file stay where we may set them."""
    if os.path.exists(database):
        old = os.stat(database)
        os.chmod(incoming, old.st_mode & 0o7777)
        if os.geteuid() == 0:
            os.chown(incoming, old.st_uid, old.st_gid)
    os.replace(incoming, database)
    sync_folder(os.path.dirname(database))


def restore_previous(database: str, aside: str) -> None:
    """Make the old file the database again; its other name stays."""
    if not os.path.exists(aside):
        return
    again = f"{aside}.returning"
    rejected = () if _same(aside, database) else tuple(database + side for side in _SIDES)
    for path in (again, *rejected):
        if os.path.exists(path):
            os.unlink(path)
    os.link(aside, again)
    os.replace(again, database)
    sync_folder(os.path.dirname(database))
    _bring_sides(aside, database)
    log(f"{database} is the old database again")
