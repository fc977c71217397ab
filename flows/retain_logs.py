"""Logs kept for as long as wanted."""

from prefect import flow

from blocks.names import EnvironmentName
from flows.shared.ending import counted, state_is_outcome
from pipeline.errors import PipelineError
from tasks.environment import load_environment
from tasks.logs import plan_log_retention, set_log_retention
from tasks.support import emit


@flow(name="retain-logs", flow_run_name="{environment}")
@state_is_outcome
def retain_logs(
    environment: EnvironmentName, days: int = 30, shorten: bool = False, dry_run: bool = False
) -> str:
    """Give every log group of the environment the wanted retention, where it differs.

    No event is deleted unseen: a longer retention stays, and one without end is limited only where the
    history is archived. Groups of others that keep their events for ever are reported.

    **When it fails:** the log names each group and the reason; the run may be repeated.

    Args:
        environment: whose log groups.
        days: how long to keep events; one of the values that CloudWatch Logs knows.
        shorten: shorten longer retentions too.
        dry_run: only show what would change.
    """
    live = load_environment(environment)
    plan = plan_log_retention(live, days, shorten)
    groups = counted(len(plan.changes), "log group")
    if dry_run:
        return f"{groups} of {len(plan.rows)} would get a retention of {days} days; nothing was done."
    result = set_log_retention(live, plan)
    emit(live, "retention.set", groups=list(result.done), days=plan.days)
    if not result.complete:
        raise PipelineError(
            f"Without the wanted retention: {', '.join(sorted(result.failed))}. See the log; run it again."
        )
    return f"{groups} of {len(plan.rows)} got a retention of {days} days; the others have what they need."
