"""Begins a restore in place: everything that can refuse does so before anything stops."""

from datetime import datetime

from pipeline.ecs.model import Service
from pipeline.live import LiveEnvironment
from pipeline.recovery.errors import RecoveryError
from pipeline.recovery.record import OpenRestore, OpenRestores
from pipeline.recovery.scaling import AutoScaling
from pipeline.sqlite.model import Backup
from pipeline.sqlite.restore import restore_to_file
from pipeline.sqlite.runner import Report


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
