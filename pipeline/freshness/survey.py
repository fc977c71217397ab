"""Looks which copies of database, Terraform state and logs there are."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

from pipeline.freshness.judge import Copies
from pipeline.live import LiveEnvironment
from pipeline.logs.archive import archived_days
from pipeline.logs.cloudwatch import list_groups
from pipeline.logs.retention import environment_groups, window
from pipeline.sqlite.store import list_backups as database_backups
from pipeline.state.backup import list_backups as state_backups


def find_copies(live: LiveEnvironment) -> tuple[Copies, ...]:
    """List the backups of database and state, and the archived days of every log group of the environment.

    Only names are listed, nothing is read. Raises AwsError.
    """
    database = tuple(item.at for item in database_backups(live) if item.counts)
    state = tuple(taken for _, taken in state_backups(live.state))
    return (
        Copies("database backup", database, "backup-sqlite"),
        Copies("state backup", state, "backup-state"),
        *_archives(live),
    )


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
