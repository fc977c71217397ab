"""Shows which releases an environment had."""

from prefect.logging import get_run_logger

from blocks.deploy_environment import Target
from pipeline.aws.errors import AwsError
from pipeline.diagnosis.history import history_rows
from pipeline.outputs import Outputs
from pipeline.release.model import ReleaseRecord
from pipeline.release.schema import SchemaLog
from pipeline.release.store import ReleaseStore
from pipeline.release.usable import why_unusable
from tasks.support import retried_step, service_of, show_table


@retried_step
def show_history(target: Target, outputs: Outputs, limit: int) -> list[dict[str, str]]:
    """Show the newest releases as a table: which runs, and to which the service can go back."""
    records = ReleaseStore(target.access, outputs.backup_bucket, target.name).newest(limit)
    live = _live(target, outputs)
    log = SchemaLog(target.access, outputs.backup_bucket, target.name)
    changes = log.since(min(item.started_at for item in records)) if records else []
    rows = history_rows(records, live, _unusable(target, outputs, records, live), changes)
    for row in rows:
        get_run_logger().info(
            "%s %s %s %s in %s; %s",
            row["when (UTC)"],
            row["release"],
            row["kind"],
            row["outcome"],
            row["took"],
            "runs now" if row["runs"] else f"roll back to it: {row['roll back to']}",
        )
    show_table(target, "history", rows, f"The last {len(rows)} releases of {target.name}")
    return rows


def _live(target: Target, outputs: Outputs) -> str | None:
    """Return the task definition that the service is on; None where that cannot be told."""
    try:
        found = service_of(target, outputs).describe()
    except AwsError as error:
        get_run_logger().warning("What runs cannot be told: %s", error)
        return None
    return found.task_definition if found else None


def _unusable(
    target: Target, outputs: Outputs, records: list[ReleaseRecord], live: str | None
) -> dict[str, str | None]:
    asked = {item.task_definition: item for item in records if item.outcome.good}
    return {
        arn: why_unusable(target.access, outputs.repository_name, item)
        for arn, item in asked.items()
        if arn != live
    }
