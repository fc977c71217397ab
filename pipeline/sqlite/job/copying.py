"""The consistent copy: SQLite's online backup in one step, so that the read lock is short and never repeated.

A copy in several steps starts again at every foreign write and never ends under load.
"""

from __future__ import annotations

import os
import random
import sqlite3
import time
from urllib.parse import quote

from .errors import JobError
from .report import log

_PAUSES = {"busy": 0.001, "hot-journal": 0.5}
"""Mean seconds between two tries.

In a rollback journal mode a writer shuts readers out while it commits: on a slow disk all the time but a
fraction of a millisecond between two transactions. SQLite's own wait looks ten times a second and may miss
that for minutes; a try costs some system calls.
"""


def connect(path: str, mode: str, options: str = "", timeout: float = 1) -> sqlite3.Connection:
    """Open an existing file; ``mode`` is ro or rw, neither of which creates one."""
    uri = f"file:{quote(os.path.abspath(path))}?mode={mode}{options}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=timeout)


def copy(source: str, target: str, patience: float) -> float:
    """Copy ``source`` to ``target``, a new file; return how many seconds the read lock was held.

    ``patience``: seconds to wait for a lock, or for the application to roll back a hot journal.

    Raises:
        JobError: busy, hot-journal, corrupt, disk-full, io.
    """
    reader = connect(source, "ro", timeout=0)
    try:
        reader.execute("BEGIN")
        _lock(reader, source, patience)
        began = time.monotonic()
        _fill(target, reader)
        return time.monotonic() - began
    except sqlite3.Error as error:
        raise _translate(error, source) from error
    finally:
        reader.close()


def _lock(reader: sqlite3.Connection, source: str, patience: float) -> None:
    """Take the read lock, which ends with the transaction; backup() alone would wait for it for ever."""
    began, reported = time.monotonic(), False
    while refused := _refused(reader, source):
        if not reported:
            log(f"waiting for up to {patience:.0f} s: {refused}")
            reported = True
        waited = time.monotonic() - began
        if waited > patience:
            raise JobError(refused.kind, f"{refused} (tried again and again for {waited:.0f} s)")
        # At random, so as not to keep in step with the writer.
        time.sleep(random.uniform(0, 2 * _PAUSES[refused.kind]))  # noqa: S311 - no secret


def _refused(reader: sqlite3.Connection, source: str) -> JobError | None:
    """Try to take the read lock; return why not, where that may pass."""
    try:
        reader.execute("PRAGMA schema_version").fetchone()
    except sqlite3.Error as error:
        found = _translate(error, source)
        if found.kind in _PAUSES:
            return found
        raise
    return None


def _fill(target: str, reader: sqlite3.Connection) -> None:
    writer = sqlite3.connect(target, isolation_level=None)
    try:
        # The copy is thrown away after a crash, so neither journal nor fsync buys anything.
        writer.execute("PRAGMA journal_mode=OFF")
        writer.execute("PRAGMA synchronous=OFF")
        reader.backup(writer)
    finally:
        writer.close()


def _translate(error: sqlite3.Error, source: str) -> JobError:
    text = str(error)
    lowered = text.lower()
    blocked = "readonly" in lowered or "unable to open" in lowered
    if blocked and os.path.exists(f"{source}-journal"):
        hint = "a writer died and left a hot journal; the application rolls it back when it next writes"
        return JobError("hot-journal", f"{source}: {text}: {hint}")
    if "locked" in lowered:
        return JobError("busy", f"{source}: {text} by a writer; look for a long transaction")
    if "full" in lowered:
        return JobError("disk-full", f"copying {source}: {text}")
    if "malformed" in lowered or "not a database" in lowered:
        return JobError("corrupt", f"{source}: {text}")
    return JobError("io", f"copying {source}: {text}")


def tidy_wal(path: str, had_wal: bool) -> None:
    """Remove the -wal and -shm files that reading alone leaves on the volume.

    A read-only connection may create them but never removes them; the last *writing* connection does, under
    SQLite's own locks. Nothing is done where they were there before: then somebody uses them.
    """
    if had_wal or not os.path.exists(f"{path}-wal"):
        return
    try:
        connection = connect(path, "rw")
    except sqlite3.Error:  # a read-only volume: then reading left nothing either
        return
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    finally:
        connection.close()
