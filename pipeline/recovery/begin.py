"""Begins a restore in place: everything that can refuse does so before anything stops."""

from datetime import datetime

from pipeline.ecs.model import Service
from pipeline.live import LiveEnvironment
from pipeline.recovery.record import OpenRestore, OpenRestores, RecoveryError
from pipeline.recovery.scaling import AutoScaling
from pipeline.sqlite.catalogue import find_backup
from pipeline.sqlite.model import Backup
from pipeline.sqlite.restore import restore_to_file
from pipeline.sqlite.runner import Report


def choose(live: LiveEnvironment, wanted: str | None, opened: OpenRestore | None = None) -> Backup:
    """Return the backup of the open restore, the wanted one, or the newest that counts.

    Raises:
        NoBackupError: there is none.
        RecoveryError: another one is wanted than that of the open restore.
    """
    if opened is not None:
        found = find_backup(live, opened.backup)
        if wanted not in (None, found.id, found.key):
            raise RecoveryError(
                f"A restore of {found.key} is open ({opened.phase}); it must end first. "
                "Run again without backup, then once more with it."
            )
        return found
    return find_backup(live, wanted)


def begin(
    live: LiveEnvironment, run_id: str, backup: Backup, report: Report, now: datetime, approved_by: str = ""
) -> OpenRestore:
    """Bring the backup to a checked file beside the database, and note what is about to be done.

    Raises:
        RecoveryError: a rollout is under way, or another restore is open.
        SqliteJobError: the backup is damaged, the volume full, ...; nothing was stopped.
    """
    outputs = live.outputs
    service = live.service
    refuse_rollout(service.require())
    restored = restore_to_file(live, run_id, backup, report)
    present = service.require()
    refuse_rollout(present)
    restore = OpenRestore(
        id=run_id,
        backup=backup.key,
        incoming=restored.target,
        database=outputs.database_path,
        began=now.replace(microsecond=0),
        wanted=present.desired,
        scaling=AutoScaling(live.access, outputs).suspended(),
        approved_by=approved_by,
    )
    OpenRestores(live).open(restore)
    report(f"The service has {present.desired} tasks, and will have them again")
    return restore


def refuse_rollout(service: Service) -> None:
    """Refuse while tasks of another release are on their way: they would open the database.

    Raises:
        RecoveryError: PRIMARY is rolling out.
    """
    primary = service.primary
    if primary is not None and primary.rollout_state == "IN_PROGRESS" and primary.desired > 0:
        raise RecoveryError(
            f"Deployment {primary.id} of {service.name} is rolling out. Nothing was stopped. "
            "Wait for its end, and run again."
        )
