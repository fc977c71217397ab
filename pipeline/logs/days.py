"""Which days of a log group are to be archived, and where a day begins. Pure; days are UTC."""

from collections.abc import Collection
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, time, timedelta

from pipeline.logs.groups import LogGroup

RESCAN_DAYS = 3
"""How many days are read again for events that arrive late."""


def window(day: date) -> tuple[int, int]:
    """Return where a UTC day begins and where the next one does, in milliseconds since the epoch."""
    midnight = datetime.combine(day, time(), UTC)
    return _milliseconds(midnight), _milliseconds(midnight + timedelta(days=1))


def days_due(
    group: LogGroup, archived: Collection[date], today: date, rescan: int = RESCAN_DAYS
) -> tuple[date, ...]:
    """Return the days to archive, newest first: the last ``rescan`` whole days, and older ones that lack.

    ``today`` is never among them, as it is not over; nor are days before the group, nor days whose events
    have expired.
    """
    first = group.created_at.astimezone(UTC).date()
    if group.retention_days is not None:
        first = max(first, today - timedelta(days=group.retention_days))
    count = max((today - first).days, 0)
    whole = [today - timedelta(days=back) for back in range(1, count + 1)]
    return tuple(day for back, day in enumerate(whole) if back < rescan or day not in archived)


def history_is_archived(group: LogGroup, archived: AbstractSet[date], today: date, days: int) -> bool:
    """Whether every day that a retention of ``days`` would delete is archived."""
    return archived >= set(expiring_days(group, today, days))


def expiring_days(group: LogGroup, today: date, days: int) -> tuple[date, ...]:
    """Return the days of a group, from its first, that a retention of ``days`` would delete."""
    first = group.created_at.astimezone(UTC).date()
    last = today - timedelta(days=days)
    return tuple(first + timedelta(days=step) for step in range((last - first).days + 1))


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * 1000
