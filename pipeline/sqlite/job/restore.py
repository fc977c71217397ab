"""Restores to a new file beside the database, or (a drill) to ephemeral disk."""

from __future__ import annotations

import fcntl
import glob
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .checks import check
from .errors import JobError
from .fetch import fetch
from .report import log


def restore(job: dict[str, Any], _work: str) -> dict[str, Any]:
    """Restore to ``job["target"]``, which appears whole and checked, or not at all.

    Raises:
        JobError: exists, and any kind of ``fetch``.
    """
    target = job["target"]
    began = time.monotonic()
    folder, name = os.path.split(target)
    os.makedirs(folder, exist_ok=True)
    with _partial(folder, name) as partial:
        if os.path.exists(target):
            checked = _done_before(job, target)
        else:
            checked = fetch(job, partial)
            _appear(partial, target)
    log(f"restored to {target}")
    return {"target": target, "checks": checked, "seconds": round(time.monotonic() - began, 3)}


def _done_before(job: dict[str, Any], target: str) -> dict[str, Any]:
    """Accept a file that an earlier attempt restored, and no other."""
    digest = hashlib.sha256()
    with open(target, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    if digest.hexdigest() != job["sha256"]:
        raise JobError("exists", f"{target} exists; restore to another name, or move it away")
    return check(target, job["integrity"])


def drill(job: dict[str, Any], work: str) -> dict[str, Any]:
    """Restore to ephemeral disk, check, and leave nothing."""
    began = time.monotonic()
    checked = fetch(job, os.path.join(work, "drill.sqlite3"))
    seconds = round(time.monotonic() - began, 3)
    log(f"drill passed in {seconds} s")
    return {"checks": checked, "seconds": seconds}


def _appear(partial: str, target: str) -> None:
    """A link fails where the name is taken, which a rename does not."""
    try:
        os.link(partial, target)
    except FileExistsError as error:
        raise JobError("exists", f"{target} appeared meanwhile; restore to another name") from error
    sync_folder(os.path.dirname(target))


def sync_folder(folder: str) -> None:
    """Make names durable: fsync of a file does not cover the folder that names it (fsync(2))."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _partial(folder: str, name: str) -> Iterator[str]:
    """Give a name to write to, under a lock that dies with the process; remove it in the end.

    Partial files of restores that were killed are free of locks: they are removed first.
    """
    for leftover in glob.glob(os.path.join(glob.escape(folder), ".*.restoring*")):
        _remove_dead(leftover)
    marker = os.path.join(folder, f".{name}.restoring")
    with open(marker, "w", encoding="utf-8") as lock:
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise JobError("in-use", f"another restore to {name} is under way") from error
        partial = f"{marker}.data"
        try:
            yield partial
        finally:
            for path in (partial, marker):
                if os.path.exists(path):
                    os.unlink(path)


def _remove_dead(path: str) -> None:
    """Remove the leftovers that belong to a marker whose lock nobody holds."""
    marker = path.removesuffix(".data")
    try:
        with open(marker, "a", encoding="utf-8") as lock:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for name in (f"{marker}.data", marker):
                if os.path.exists(name):
                    os.unlink(name)
    except OSError:  # locked: a restore that lives
        return
