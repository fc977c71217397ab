"""Check whether a loss could be made good right now."""

from datetime import timedelta
from typing import Annotated

from prefect import flow
from pydantic import Field

from blocks.names import EnvironmentName
from flows.shared.ending import counted, state_is_outcome
from pipeline.errors import PipelineError
from tasks.database import emit_missing_backups, inspect_backups, publish_backup_age
from tasks.environment import load_environment


@flow(name="check-backups", flow_run_name="{environment}")
@state_is_outcome
def check_backups(
    environment: EnvironmentName, limit_hours: Annotated[int, Field(ge=1)] = 26, dry_run: bool = False
) -> str:
    """Look whether the backups of databases and state and the log archive are there and fresh.

    The age of the newest database backup goes to CloudWatch, for the alarm. An event is emitted when
    something is missing or too old, for automations.

    **When it fails:** something is missing or too old, and the message names it with the flow to look at; or
    AWS could not be asked. Run it again.

    Args:
        environment: whose backups.
        limit_hours: how old the newest copy of each may be.
        dry_run: only look: publish no metric and emit no event.
    """
    live = load_environment(environment)
    if not dry_run:
        publish_backup_age(live)
    findings = inspect_backups(live, timedelta(hours=limit_hours))
    bad = tuple(finding for finding in findings if finding.bad)
    if bad and not dry_run:
        emit_missing_backups(live, bad)
    if bad:
        named = ", ".join(f"{item.copies.what} {item.verdict}" for item in bad)
        raise PipelineError(f"{named}. {bad[0].next_step}")
    return f"{counted(len(findings), 'kind')} of copies looked at: all are there and fresh, or not due yet."
