"""Logs into the archive."""

from prefect import flow

from blocks.names import EnvironmentName
from flows.shared.ending import counted, state_is_outcome
from tasks.environment import load_environment
from tasks.logs import archive_log_day, find_days_to_archive, report_archived_days
from tasks.support import emit


@flow(name="archive-logs", flow_run_name="{environment}")
@state_is_outcome
def archive_logs(environment: EnvironmentName, dry_run: bool = False) -> str:
    """Copy the whole days of every log group of the environment to S3, compressed, each with a manifest.

    Days that are archived already are left alone, but for the last three, which are read again for events
    that came late. An archived day never gets fewer events.

    **When it fails:** run it again; it goes on with the day that lacks.

    Args:
        environment: whose log groups.
        dry_run: only show which days are due.
    """
    live = load_environment(environment)
    due = find_days_to_archive(live)
    results = [] if dry_run else [archive_log_day(live, group, day) for group, day in due]
    report_archived_days(live, due, results)
    if dry_run:
        return f"{counted(len(due), 'day')} of log groups would be read; nothing was written."
    added = sum(result.added for result in results)
    emit(live, "logs.archived", days=len(results), events=added)
    return (
        f"{counted(len(results), 'day')} of log groups read; {counted(added, 'event')} added to the archive."
    )
