"""Proof that the backups can be restored."""

from prefect import flow

from blocks.names import EnvironmentName
from pipeline.errors import PipelineError
from tasks.database import choose_backup
from tasks.database import drill_restore as restore_and_measure
from tasks.environment import load_environment
from tasks.support import emit


@flow(name="drill-restore", flow_run_name="{environment}")
def drill_restore(environment: EnvironmentName, dry_run: bool = False) -> float | None:
    """Restore the newest backup in a throw-away task, check it, and report how long recovery takes.

    **When it fails:** the backup is marked unusable and no longer counts; make a new one (backup-sqlite) at
    once and look why.

    Args:
        environment: whose backups.
        dry_run: only show which backup would be restored.

    Returns:
        Seconds that a recovery takes (RTO); None where nothing was restored.
    """
    live = load_environment(environment)
    choose_backup(live)
    if dry_run:
        return None
    try:
        result = restore_and_measure(live)
    except PipelineError as error:
        emit(live, "drill.failed", summary=str(error))
        raise
    emit(live, "drill.passed", backup=result.backup.key, rto=result.rto, rpo=result.rpo)
    return result.rto
