"""Backs up: look, copy, let go, check, compress, send."""

from __future__ import annotations

import os
import shutil
import time
from typing import Any

from . import source as sources
from .checks import check
from .copying import copy, tidy_wal
from .errors import JobError
from .report import log
from .upload import send

_SPARE = 64 << 20


def back_up(job: dict[str, Any], work: str) -> dict[str, Any]:
    """Run a backup job; ``work`` is a folder on ephemeral disk that somebody else removes.

    Raises:
        JobError: any kind that concerns reading or uploading.
    """
    source = sources.inspect(job["database"])
    refused = sources.refusal(source.journal, source.file_system)
    if refused:
        raise JobError("wal-on-network", refused)
    _room(work, source)
    warnings = _lock_warning(source, sources.estimate(source, work), job["busy_timeout"])
    began = time.time()
    target = os.path.join(work, "copy.sqlite3")
    locked = _copied(source, target, job["patience"])
    log(f"copied {source.size} bytes, lock held for {locked:.2f} s")
    checked = check(target, job["integrity"])
    log(f"checked in {checked['check_seconds']} s: {sum(n or 0 for n in checked['rows'].values())} rows")
    sent = send(target, job["part_urls"], job["part_bytes"], job["tries"])
    log(f"sent {sent['compressed_bytes']} bytes in {len(sent['parts'])} parts")
    if checked["foreign_key_violations"]:
        warnings.append(f"{checked['foreign_key_violations']} foreign key violations in the live database")
    return {
        **sent,
        "checks": checked,
        "copied_at": began,
        "lock_seconds": round(locked, 3),
        "journal": source.journal,
        "file_system": source.file_system,
        "warnings": warnings,
    }


def _copied(source: sources.DatabaseFile, target: str, patience: float) -> float:
    had_wal = os.path.exists(f"{source.path}-wal")
    try:
        return copy(source.path, target, patience)
    finally:
        if source.journal == "wal":
            tidy_wal(source.path, had_wal)


def _room(work: str, source: sources.DatabaseFile) -> None:
    """The write-ahead log may hold as much again as the database file."""
    wal = f"{source.path}-wal"
    needed = source.size + (os.path.getsize(wal) if os.path.exists(wal) else 0) + _SPARE
    free = shutil.disk_usage(work).free
    if free < needed:
        raise JobError(
            "disk-full",
            f"{work} has {free} bytes free and the copy needs {needed}; raise the task's ephemeral storage",
        )


def _lock_warning(source: sources.DatabaseFile, estimate: float, busy_timeout: float) -> list[str]:
    """In rollback modes writers wait while the copy is made; with WAL they do not."""
    if source.journal == "wal" or estimate <= busy_timeout:
        return []
    text = (
        f"the copy will hold up writers for about {estimate:.0f} s, longer than their busy timeout of "
        f"{busy_timeout:.0f} s: some writes will fail with 'database is locked'"
    )
    log(f"warning: {text}")
    return [text]
