"""Looks at a database file before SQLite does.

Never call this while SQLite has the file open in this process: closing *any* descriptor of a file drops all
POSIX locks that the process holds on it (https://sqlite.org/howtocorrupt.html, section 2.2).
"""

from __future__ import annotations

import os
import time
from typing import NamedTuple

from .errors import JobError

_MAGIC = b"SQLite format 3\x00"
_SAMPLE = 32 << 20
_BLOCK = 1 << 20
_NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "efs", "ceph", "glusterfs", "lustre", "afs"}


class DatabaseFile(NamedTuple):
    """Facts of a database file. ``journal`` is "wal" or "delete" (any rollback mode)."""

    path: str
    size: int
    journal: str
    file_system: str


def inspect(path: str) -> DatabaseFile:
    """Read the header.

    Raises:
        JobError: no-database, corrupt, io.
    """
    try:
        size = os.stat(path).st_size
        with open(path, "rb") as file:
            header = file.read(100)
    except FileNotFoundError as error:
        raise JobError("no-database", f"there is no file {path}") from error
    except OSError as error:
        raise JobError("io", f"reading {path}: {error.strerror}") from error
    if not size:
        raise JobError("no-database", f"{path} is empty: the application has not created its tables yet")
    if header[:16] != _MAGIC:
        raise JobError("corrupt", f"{path} is not an SQLite database: its header is wrong")
    return DatabaseFile(path, size, "wal" if header[18] == 2 else "delete", file_system(path, mounts()))


def mounts() -> str:
    """Return the kernel's mount table of this process; "" where there is none."""
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def file_system(path: str, mountinfo: str) -> str:
    """Return the type of the file system that holds ``path``: the longest mount point above it (proc(5))."""
    real, best, found = os.path.realpath(path), "", "unknown"
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        fields = left.split(" ")
        if len(fields) < 5 or not right:
            continue
        point = fields[4].replace("\\040", " ")
        below = real == point or real.startswith(point.rstrip("/") + "/")
        if below and len(point) >= len(best):
            best, found = point, right.split(" ")[0]
    return found


def refusal(journal: str, kind: str) -> str | None:
    """Say why this database must not be opened from another host, or None.

    Write-ahead logging keeps its index in shared memory, which hosts do not share
    (https://sqlite.org/wal.html#noshm): with two hosts the *live* database ends malformed.
    """
    network = kind in _NETWORK or kind.startswith("fuse.")
    if journal != "wal" or not network:
        return None
    return (
        f"the database is in WAL mode on a network file system ({kind}), where a second host corrupts it. "
        "Switch the application to PRAGMA journal_mode=DELETE (Django: OPTIONS init_command), restart it, "
        "and run again"
    )


def estimate(source: DatabaseFile, work: str) -> float:
    """Return the seconds that a copy will take, from copying a sample of the file as plain bytes."""
    scratch = os.path.join(work, "sample")
    began = time.monotonic()
    try:
        done = _copy_sample(source.path, scratch)
    finally:
        if os.path.exists(scratch):
            os.unlink(scratch)
    return (time.monotonic() - began) * source.size / max(done, 1)


def _copy_sample(path: str, target: str) -> int:
    done = 0
    with open(path, "rb") as source, open(target, "wb") as sink:
        while done < _SAMPLE:
            block = source.read(_BLOCK)
            if not block:
                break
            sink.write(block)
            done += len(block)
    return done
