"""Log retention and the log archive."""

from collections.abc import Sequence
from datetime import date
from itertools import zip_longest

from prefect.logging import get_run_logger

from pipeline.clock import utc_now
from pipeline.live import LiveEnvironment
from pipeline.logs.archive import ArchiveResult, archive_day, archived_days, history_is_verified
from pipeline.logs.cloudwatch import RetentionResult, apply_retention, list_groups
from pipeline.logs.manifest import ArchiveFrozenError
from pipeline.logs.retention import LogGroup, RetentionPlan, days_due, environment_groups, plan_retention
from tasks.support import retried_step, show_table, step


@retried_step
def plan_log_retention(live: LiveEnvironment, days: int, shorten: bool) -> RetentionPlan:
    """Compare every log group of the environment with the wanted retention, and show the decision."""
    groups = list_groups(live.access)
    mine = environment_groups(groups, live.outputs)
    archived = {group.name for group in mine if group.retention_days is None and _is_safe(live, group, days)}
    names = {group.name for group in mine}
    plan = plan_retention(groups, names, days, utc_now(), archived=archived, shorten=shorten)
    for group in plan.unlimited_elsewhere:
        get_run_logger().warning("%s, not of this environment, keeps its events for ever", group.name)
    show_table(
        live,
        "retain-logs",
        [{"group": row.group.name, "decision": row.action.value, "reason": row.reason} for row in plan.rows],
        f"Log retention of {days} days in {live.name}",
    )
    return plan


def _is_safe(live: LiveEnvironment, group: LogGroup, days: int) -> bool:
    """Whether all that a retention of ``days`` would delete was read back from the archive."""
    try:
        return history_is_verified(live.access, live.log_archive, group, utc_now().date(), days)
    except ArchiveFrozenError as error:
        get_run_logger().warning(str(error))
        return False


@retried_step
def set_log_retention(live: LiveEnvironment, plan: RetentionPlan) -> RetentionResult:
    """Set the retention of the groups that lack it."""
    result = apply_retention(live.access, plan)
    for name in result.done:
        get_run_logger().info("%s: events are kept for %d days", name, plan.days)
    for name, reason in result.failed.items():
        get_run_logger().error("%s: %s", name, reason)
    return result


@retried_step
def find_days_to_archive(live: LiveEnvironment) -> list[tuple[LogGroup, date]]:
    """List the days of every log group that the archive lacks, and the last ones for late events."""
    today, place = utc_now().date(), live.log_archive
    due = [
        (group, day)
        for group in environment_groups(list_groups(live.access), live.outputs)
        for day in days_due(group, archived_days(live.access, place, group.name), today)
    ]
    get_run_logger().info("%d days of log groups to look at", len(due))
    return due


@step
def report_archived_days(
    live: LiveEnvironment, due: Sequence[tuple[LogGroup, date]], results: Sequence[ArchiveResult]
) -> None:
    """Show each day of each group with what came of it; without results, what would be looked at."""
    rows = [{"group": group.name, "day": day.isoformat()} for group, day in due]
    done = [
        {"outcome": item.outcome.value, "events": item.manifest.events, "added": item.added}
        for item in results
    ]
    show_table(
        live,
        "archive-logs",
        [{**row, **end} for row, end in zip_longest(rows, done, fillvalue={"outcome": "due"})],
        f"{live.name}: days of the log archive",
    )


@retried_step
def archive_log_day(live: LiveEnvironment, group: LogGroup, day: date) -> ArchiveResult:
    """Bring one day of one group to S3; repeating it writes only what is new."""
    result = archive_day(live.access, live.log_archive, group.name, day)
    get_run_logger().info("%s %s: %s, %d events added", group.name, day, result.outcome.value, result.added)
    return result
