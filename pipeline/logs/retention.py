"""Decides which log groups get the wanted retention. Pure."""

from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum

from pipeline.logs.manifest import LogsError
from pipeline.outputs import Outputs


@dataclass(frozen=True)
class LogGroup:
    """One log group. ``retention_days`` is None where events never expire."""

    name: str
    retention_days: int | None
    created_at: datetime
    """Aware UTC."""


def environment_groups(groups: Iterable[LogGroup], outputs: Outputs) -> tuple[LogGroup, ...]:
    """Return the groups of an environment, each by its whole name: ``production-eu`` is not ``production``.

    AWS derives the names of its own groups (flow logs, WAF, Container Insights) from the resource's. The
    worker's role has rights to these alone, see terraform/modules/roles/worker.tf.
    """
    name = f"{outputs.app}-{outputs.environment}"
    insights = f"/aws/ecs/containerinsights/{outputs.cluster}/performance"
    mine = {outputs.log_group, f"/vpc/{name}", f"aws-waf-logs-{name}", insights}
    return tuple(group for group in groups if group.name in mine)


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


VALID_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
"""What PutRetentionPolicy accepts (CloudWatch Logs API reference)."""


class RetentionAction(Enum):
    """Action on a log group."""

    KEEP = "is as wanted"
    SET = "gets the wanted retention"
    HOLD = "stays as it is: a shorter retention would delete events"


@dataclass(frozen=True)
class RetentionRow:
    """One group of the environment."""

    group: LogGroup
    action: RetentionAction
    reason: str


@dataclass(frozen=True)
class RetentionPlan:
    """Plan for the environment's groups, and remarks about others."""

    days: int
    rows: tuple[RetentionRow, ...]
    unlimited_elsewhere: tuple[LogGroup, ...]
    """Groups of others whose events never expire: reported, not touched."""

    @property
    def changes(self) -> tuple[RetentionRow, ...]:
        """The groups to set."""
        return tuple(row for row in self.rows if row.action is RetentionAction.SET)


def plan_retention(
    groups: Iterable[LogGroup],
    mine: Collection[str],
    days: int,
    now: datetime,
    *,
    archived: Collection[str] = (),
    shorten: bool = False,
) -> RetentionPlan:
    """Compare every group of ``mine`` (names) with the wanted ``days``.

    Events are never deleted unseen. An explicit longer retention stays unless ``shorten``. A group whose
    events never expire is set where nothing can be lost by it: it is younger than ``days``, or its name is
    in ``archived`` (its history is in S3, verified), or ``shorten`` is given.

    Raises:
        LogsError: ``days`` is not a value that CloudWatch Logs knows.
    """
    if days not in VALID_DAYS:
        raise LogsError(f"CloudWatch Logs knows no retention of {days} days, only {VALID_DAYS}. Choose one.")
    every = sorted(groups, key=lambda group: group.name)
    rows = tuple(
        _row(group, days, now, shorten=shorten, archived=group.name in archived)
        for group in every
        if group.name in mine
    )
    elsewhere = tuple(group for group in every if group.retention_days is None and group.name not in mine)
    return RetentionPlan(days, rows, elsewhere)


def _row(group: LogGroup, days: int, now: datetime, *, shorten: bool, archived: bool) -> RetentionRow:
    present = group.retention_days
    if present == days:
        return RetentionRow(group, RetentionAction.KEEP, f"{days} days already")
    if present is not None and present < days:
        return RetentionRow(group, RetentionAction.SET, f"{present} days now, which is shorter")
    if shorten:
        return RetentionRow(group, RetentionAction.SET, f"{_span(present)} now; shortening was asked for")
    if present is not None:
        return RetentionRow(group, RetentionAction.HOLD, f"{present} days now, which is longer")
    if now - group.created_at < timedelta(days=days):
        return RetentionRow(group, RetentionAction.SET, f"no limit now; younger than {days} days")
    if archived:
        return RetentionRow(group, RetentionAction.SET, "no limit now; its history is archived")
    reason = "no limit now; older events are not archived, or could not be read back"
    return RetentionRow(group, RetentionAction.HOLD, reason)


def _span(days: int | None) -> str:
    return "no limit" if days is None else f"{days} days"
