"""Saves a database and puts another file in its place, in one go: nobody is served meanwhile."""

from __future__ import annotations

from typing import Any

from .backup import back_up
from .errors import JobError
from .report import log
from .swap import is_in_place, swap

_UNREADABLE = ("no-database", "corrupt")
"""Kinds of failure that no backup can be had of: the file itself is kept aside all the same."""


def exchange(job: dict[str, Any], work: str) -> dict[str, Any]:
    """Back up and send what is about to be replaced, then swap; may be killed and repeated.

    Where an earlier, killed job has swapped, the old database is saved from where it is kept.

    Raises:
        JobError: any kind of a backup or a swap; where the backup failed, nothing was swapped.
    """
    orders = job["swap"]
    moved = is_in_place(orders["database"], orders["aside"])
    try:
        saved = back_up({**job, "database": orders["aside"] if moved else orders["database"]}, work)
    except JobError as error:
        if error.kind not in _UNREADABLE:
            raise
        log(f"the present database cannot be backed up, and is kept as a file: {error}")
        saved = {"unsaved": str(error)}
    return {**saved, "swapped": swap(orders, work)}
