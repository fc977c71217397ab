"""Choice of the copies to keep: grandfather, father, son. Pure."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

Copy = TypeVar("Copy", bound=Hashable)


@dataclass(frozen=True)
class RetentionPolicy:
    """Numbers of verified copies to keep: the newest of each of the latest days, weeks, months and years."""

    days: int = 7
    weeks: int = 5
    months: int = 12
    years: int = 3
    newest: int = 3
    """Kept whatever their age; at least one."""
    stale: timedelta = timedelta(hours=36)
    """Nothing is pruned while the newest verified copy is older: making them has stopped."""
    grace: timedelta = timedelta(days=2)
    """Nothing younger is pruned."""

    def __post_init__(self) -> None:
        if self.newest < 1 or min(self.days, self.weeks, self.months, self.years) < 0:
            raise ValueError("retention must keep at least the newest copy, and no negative number of others")


def reasons_to_keep(
    newest_first: Sequence[Copy], at: Callable[[Copy], datetime], policy: RetentionPolicy
) -> dict[Copy, list[str]]:
    """Give each verified copy that a rule keeps the rules' names; ``at`` tells when it was made (UTC)."""
    reasons: dict[Copy, list[str]] = {}
    for item in newest_first[: policy.newest]:
        reasons.setdefault(item, []).append("newest")
    rules: tuple[tuple[str, int, Callable[[datetime], object]], ...] = (
        ("day", policy.days, lambda moment: moment.date()),
        ("week", policy.weeks, lambda moment: moment.isocalendar()[:2]),
        ("month", policy.months, lambda moment: (moment.year, moment.month)),
        ("year", policy.years, lambda moment: moment.year),
    )
    for name, count, period in rules:
        for item in _newest_per_period(newest_first, at, count, period):
            reasons.setdefault(item, []).append(name)
    return reasons


def _newest_per_period(
    newest_first: Sequence[Copy],
    at: Callable[[Copy], datetime],
    count: int,
    period: Callable[[datetime], object],
) -> list[Copy]:
    found: dict[object, Copy] = {}
    for item in newest_first:
        found.setdefault(period(at(item)), item)
    return list(found.values())[:count]
