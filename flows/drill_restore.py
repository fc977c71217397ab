"""Proof that the backups can be restored."""

from prefect import flow

from blocks.names import EnvironmentName
from flows.shared.ending import counted, state_is_outcome
from flows.shared.naming import run_name
from pipeline.errors import PipelineError
from pipeline.live import LiveEnvironment
from tasks.database import choose_backup
from tasks.database import drill_restore as restore_and_measure
from tasks.environment import load_environment
from tasks.support import emit


@flow(name="drill-restore", flow_run_name=run_name)
@state_is_outcome
def drill_restore(environment: EnvironmentName, dry_run: bool = False, database: str = "") -> str:
    """Restore the newest backup of each database in a throw-away task, check it, and tell how long it takes.

    **When it fails:** the backup is marked unusable and no longer counts; make a new one (backup-sqlite) at
    once and look why. The other databases are drilled all the same.

    Args:
        environment: whose backups.
        dry_run: only show which backup would be restored.
        database: which one, by the file's path or its name without extension; each when left out.
    """
    live = load_environment(environment)
    wanted = (live.on_database(database),) if database else live.each_database
    if not wanted:
        return f"Nothing to drill: {live.name} keeps no SQLite database."
    keys, took, faults = [], [], []
    for item in wanted:
        try:
            keys.append(choose_backup(item).key)
            if not dry_run:
                took.append(_drill(item))
        except PipelineError as error:
            faults.append(str(error))
    if faults:
        raise PipelineError(" ".join(faults))
    if dry_run:
        return f"{', '.join(keys)} would be restored; nothing was done."
    return f"{counted(len(keys), 'backup')} restored and checked in {max(took):.0f} s: {', '.join(keys)}"


def _drill(live: LiveEnvironment) -> float:
    try:
        result = restore_and_measure(live)
    except PipelineError as error:
        emit(live, "drill.failed", summary=str(error))
        raise
    emit(live, "drill.passed", backup=result.backup.key, rto=result.rto, rpo=result.rpo)
    return result.rto
