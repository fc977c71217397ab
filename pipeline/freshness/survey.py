"""Looks which copies of database, Terraform state and logs there are."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

from pipeline.freshness.judge import Copies
from pipeline.live import LiveEnvironment
from pipeline.logs.archive import archived_days
from pipeline.logs.cloudwatch import list_groups
from pipeline.logs.retention import environment_groups, window
from pipeline.sqlite.store import list_backups as database_backups
from pipeline.state.backup import list_backups as state_backups


def find_copies(live: LiveEnvironment) -> tuple[Copies, ...]:
    """List the backups of each SQLite database and of the state, and the archived days of every log group.

    Raises AwsError.
    """
    return (
        *_databases(live),
        _state(live),
        *_archives(live),
    )


def _databases(live: LiveEnvironment) -> Iterator[Copies]:
    """Yield the copies of each database; before the first release there is none to copy."""
    known = live.database_record.read()
    if known is None and not live.releases.newest_good(1):
        return
    paths = dict.fromkeys((*live.outputs.databases, *(known.files if known else ())))
    for path in paths:
        times = tuple(item.at for item in database_backups(replace(live, chosen=path)) if item.counts)
        yield Copies(f"backup of {path}", times, "backup-sqlite", due=known.since if known else None)


def _state(live: LiveEnvironment) -> Copies:
    """Look without reading the state itself: the worker may only list what there is."""
    key = live.state.backend.key
    times = tuple(taken for _, taken in state_backups(live.state))
    return Copies("state backup", times, "backup-state", due=live.state.keys(key).get(key))


def _archives(live: LiveEnvironment) -> Iterator[Copies]:
    for group in environment_groups(list_groups(live.access), live.outputs):
        days = archived_days(live.access, live.log_archive, group.name)
        first = group.created_at.astimezone(UTC).date()
        yield Copies(
            f"archive of {group.name}", tuple(_end(day) for day in days), "archive-logs", due=_end(first)
        )


def _end(day: date) -> datetime:
    """Return when a UTC day ends: an archived day holds everything up to then."""
    return datetime.fromtimestamp(window(day)[1] / 1000, UTC)
