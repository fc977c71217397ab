"""Proof that the backups can be restored."""

from prefect import flow

from blocks.names import EnvironmentName
from tasks.database import drill_restore as restore_and_measure
from tasks.environment import load_environment, read_outputs


@flow(name="drill-restore", flow_run_name="{environment}")
def drill_restore(environment: EnvironmentName) -> float:
    """Restore the newest backup in a throw-away task, check it, and report how long recovery takes.

    **When it fails:** the backup is marked unusable and no longer counts; make a new one (backup-sqlite) at
    once and look why.

    Args:
        environment: whose backups.

    Returns:
        Seconds that a recovery takes (RTO).
    """
    target = load_environment(environment)
    return restore_and_measure(target, read_outputs(target)).rto
