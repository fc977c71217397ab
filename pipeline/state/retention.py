"""Which backups to keep (pure): grandfather, father, son."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Retention:
    """How many periods keep their newest backup, and what is never removed."""

    newest: int = 3
    daily: int = 7
    weekly: int = 5
    monthly: int = 12
    yearly: int = 3
    fresh: timedelta = timedelta(hours=36)
    """Nothing is removed while the newest backup is older than this: backing up itself has stopped."""
    grace: timedelta = timedelta(days=2)


def to_remove(taken: Sequence[datetime], now: datetime, rule: Retention) -> tuple[datetime, ...]:
    """Choose what to remove among the times of *verified* backups (timezone-aware UTC)."""
    newest_first = sorted(set(taken), reverse=True)
    if not newest_first or now - newest_first[0] > rule.fresh:
        return ()
    kept = set(newest_first[: rule.newest])
    periods: tuple[tuple[int, Callable[[datetime], object]], ...] = (
        (rule.daily, lambda moment: moment.date()),
        (rule.weekly, lambda moment: moment.isocalendar()[:2]),
        (rule.monthly, lambda moment: (moment.year, moment.month)),
        (rule.yearly, lambda moment: moment.year),
    )
    for count, period in periods:
        kept |= _newest_of_each(newest_first, period, count)
    return tuple(moment for moment in newest_first if moment not in kept and now - moment > rule.grace)


def _newest_of_each(
    newest_first: Sequence[datetime], period: Callable[[datetime], object], count: int
) -> set[datetime]:
    found: dict[object, datetime] = {}
    for moment in newest_first:
        found.setdefault(period(moment), moment)
    return set(list(found.values())[:count])
