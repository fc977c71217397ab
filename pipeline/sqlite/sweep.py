"""Removes what runs that were killed have left behind."""

from datetime import datetime, timedelta

from pipeline.live import LiveEnvironment
from pipeline.sqlite import layout
from pipeline.sqlite.attempt import Attempt, close_attempt, open_attempts
from pipeline.sqlite.runner import stop_task
from pipeline.sqlite.store import Store

DEAD = timedelta(hours=3)
"""An attempt this old is nobody's: longer than any policy's timeout and signed URL should be."""


def sweep(live: LiveEnvironment, now: datetime, dead: timedelta = DEAD) -> tuple[str, ...]:
    """Remove dead attempts with their tasks, and then what belongs to no attempt; return a line for each.

    An attempt is noted before anything else is made for it. So uploads, job files and databases without
    manifest that no note mentions can go, however young; except what was written after the look at the notes.
    """
    store = Store(live)
    objects = store.keys(layout.prefix(store.environment))
    jobs = store.keys(layout.jobs_prefix(store.environment))
    uploads = store.uploads(layout.prefix(store.environment))
    attempts = open_attempts(store)
    lost = tuple(item for item in attempts if now - item.at > dead)
    for attempt in lost:
        stop_task(live, attempt)
        close_attempt(store, attempt)
    living = tuple(item for item in attempts if item not in lost)
    orphans = [upload for upload in uploads if not _mentioned(upload.key, living)]
    store.abort(orphans)
    # Listed again: a manifest may have been written, and its note removed, since the first look.
    without_manifest = layout.uncommitted(store.keys(layout.prefix(store.environment)))
    debris = [key for key in without_manifest if key in objects and not _mentioned(key, living)]
    debris += [key for key in jobs if not _mentioned(key, living)]
    store.delete(debris)
    return (
        *(
            f"Removed the {item.purpose} attempt of {item.at:%Y-%m-%d %H:%M} that never ended"
            for item in lost
        ),
        *(f"Aborted the unfinished upload to {upload.key}" for upload in orphans),
        *(f"Removed {key}, which belongs to no backup" for key in debris),
    )


def _mentioned(key: str, attempts: tuple[Attempt, ...]) -> bool:
    return any(key.startswith((item.stem, item.job_key(""))) for item in attempts)
