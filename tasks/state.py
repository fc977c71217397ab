"""The Terraform state's home."""

from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.logging import get_run_logger

from blocks import Target
from pipeline.state import (
    BackupReport,
    BootstrapReport,
    LockReport,
    Retention,
    backup_state,
    bootstrap,
    home_of,
    inspect_lock,
    unlock,
)


@task(name="bootstrap-state", retries=2, retry_delay_seconds=[2, 10], persist_result=False)
def bootstrap_backend(target: Target) -> BootstrapReport:
    """Make or adopt the state bucket and lock table; mend what is missing, weaken nothing."""
    environment = target.environment
    report = bootstrap(target.access, environment.state_bucket, environment.lock_table)
    for setting in report.settings:
        get_run_logger().info(
            "%s: %s was %s, %s", setting.subject, setting.setting, setting.found, setting.done
        )
    create_table_artifact(
        key=f"state-{environment.name}",
        table=[
            {"on": item.subject, "setting": item.setting, "found": item.found, "done": item.done}
            for item in report.settings
        ],
        description=f"Settings of {environment.state_bucket} and {environment.lock_table}",
    )
    return report


@task(name="copy-state", retries=2, retry_delay_seconds=[5, 30], persist_result=False)
def copy_state(target: Target) -> BackupReport:
    """Copy the state and prune old copies."""
    report = backup_state(home_of(target.access, target.environment), Retention())
    get_run_logger().info("Copied to %s; removed %d old copies", report.backup, len(report.removed))
    return report


@task(name="inspect-lock", persist_result=False)
def look_at_lock(target: Target) -> LockReport:
    """Look who holds the state's lock, and whether they live."""
    report = inspect_lock(home_of(target.access, target.environment))
    get_run_logger().info("%s: %s", report.verdict.state.value, report.verdict.reason)
    return report


@task(name="remove-lock", persist_result=False)
def remove_lock(target: Target, lock_id: str) -> LockReport:
    """Remove the lock when its owner is gone; refuse otherwise."""
    report = unlock(home_of(target.access, target.environment), lock_id)
    get_run_logger().info("Lock %s removed; its owner was %s", lock_id, report.verdict.owner)
    return report
