"""The consistent copy: SQLite's online backup in one step, so that the read lock is short and never repeated.

A copy in several steps starts again at every foreign write and never ends under load.
"""

import os
import sqlite3
import time
from collections.abc import Callable
from urllib.parse import quote

from .errors import JobError

Clock = Callable[[], float]


def connect(path: str, mode: str, options: str = "") -> sqlite3.Connection:
    """Open an existing file; ``mode`` is ro or rw, neither of which creates one."""
    uri = f"file:{quote(os.path.abspath(path))}?mode={mode}{options}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=1)


def copy(source: str, target: str, patience: float) -> float:
    """Copy ``source`` to ``target``; return how many seconds the read lock was held, at most.

    ``patience``: seconds to wait for a lock, or for the application to roll back a hot journal.

    Raises:
        JobError: busy, hot-journal, corrupt, disk-full, io.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            return _copy_once(source, target, deadline)
        except JobError as error:
            if error.kind not in ("hot-journal", "busy") or time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def _copy_once(source: str, target: str, deadline: float) -> float:
    if os.path.exists(target):
        os.unlink(target)
    reader = connect(source, "ro")
    writer = sqlite3.connect(target, isolation_level=None)
    try:
        # The copy is thrown away after a crash, so neither journal nor fsync buys anything.
        writer.execute("PRAGMA journal_mode=OFF")
        writer.execute("PRAGMA synchronous=OFF")
        reader.execute("PRAGMA schema_version").fetchone()
        began = time.monotonic()
        reader.backup(writer, pages=-1, progress=_patience(deadline), sleep=0.05)
        return time.monotonic() - began
    except sqlite3.Error as error:
        raise _translate(error, source) from error
    finally:
        writer.close()
        reader.close()


def _patience(deadline: float) -> Callable[[int, int, int], None]:
    """Python's backup() waits for a lock for ever; this ends it."""

    def progress(_status: int, remaining: int, total: int) -> None:
        untouched = remaining == total
        if untouched and time.monotonic() > deadline:
            raise JobError("busy", "the database stayed locked by a writer; look for a long transaction")

    return progress


def _translate(error: sqlite3.Error, source: str) -> JobError:
    text = str(error)
    lowered = text.lower()
    blocked = "readonly" in lowered or "unable to open" in lowered
    if blocked and os.path.exists(f"{source}-journal"):
        hint = "a writer died and left a hot journal; the application rolls it back when it next writes"
        return JobError("hot-journal", f"{source}: {text}: {hint}")
    if "locked" in lowered:
        return JobError("busy", f"{source}: {text}; look for a long transaction")
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
