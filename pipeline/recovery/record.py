"""The note of a restore in place."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, TypeAdapter

from pipeline.aws.bucket import ConflictError
from pipeline.delivery.one_off import clear
from pipeline.ecs.model import Service
from pipeline.ecs.scaling import AutoScaling, ScalableTarget
from pipeline.errors import PipelineError
from pipeline.live import LiveEnvironment
from pipeline.release.model import ReleaseRecord
from pipeline.sqlite.layout import stamp
from pipeline.sqlite.model import DatabaseBackup
from pipeline.sqlite.restore import restore_to_file
from pipeline.sqlite.runner import Report
from pipeline.sqlite.store import BackupStore, find_backup

_TIME_TO_END = 900.0
"""Seconds that a migration may take."""


class RecoveryError(PipelineError):
    """A restore in place could not begin or go on."""


class Phase(StrEnum):
    """Next step of a run that finds the note."""

    STOPPING = "stopping"
    """Bring the service to no tasks; the database is untouched."""
    SWAPPING = "swapping"
    """Save the database and put the backup in place; it may be the old one or the restored one."""
    STARTING = "starting"
    """Bring the service back on the restored database, and prove it."""
    ROLLING_BACK = "undoing"
    """Put the old database back; it may be there already."""
    RETURNING = "returning"
    """Bring the service back on the old database."""


class OpenRestore(BaseModel):
    """A restore in place that has begun and not ended; there is one at most in an environment."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    """The run that began it; later runs go on under the same name."""
    backup: str
    """Key of the backup."""
    incoming: str
    """The restored and checked file on the data volume."""
    database: str
    began: datetime
    wanted: int
    """Tasks that the service had, and is to have again."""
    scaling: ScalableTarget | None
    """Auto scaling as it was before; None where the service does not scale."""
    phase: Phase = Phase.STOPPING
    approved_by: str = ""
    safety: str | None = None
    """Key of the backup of the database that is replaced; None where it could not be read."""
    fault: str = ""
    """Why it is being undone."""
    target: ReleaseRecord | None = None
    """Release to bring the service back on; None for the one that it was on."""
    left: str = ""
    """Task definition that the service was on; "" in a note of an earlier version."""

    @property
    def task_definition(self) -> str:
        """Task definition that belongs to the phase's database; "" for whichever the service is on."""
        if self.target is None:
            return ""
        return self.target.task_definition if self.phase is Phase.STARTING else self.left

    @property
    def aside(self) -> str:
        """The file that was the database before; named so by ``pipeline.sqlite.swap_orders``."""
        return f"{self.database}.before-{stamp(self.began)}"


_NOTE = TypeAdapter(OpenRestore)


class OpenRestores:
    """Store of the notes: in the backup bucket, outside of the sweep of dead jobs."""

    def __init__(self, live: LiveEnvironment) -> None:
        self._store = BackupStore(live)
        self._key = f"sqlite-jobs/{live.outputs.environment}/in-place.json"

    def find(self) -> OpenRestore | None:
        """Return the restore that is under way or was killed.

        Raises:
            RecoveryError: its note is damaged, or a newer version wrote it in a phase that only it knows.
            AwsError: it cannot be read.
        """
        damaged = (
            "Look at the service and at the files beside the database, then bring the object's version back."
        )
        return self._store.find(self._key, _NOTE, "The note of a restore in place", RecoveryError, damaged)

    def open(self, restore: OpenRestore) -> None:
        """Note a new restore.

        Raises:
            RecoveryError: another one is open.
        """
        try:
            self._store.write_once(self._key, _document(restore))
        except ConflictError as error:
            raise RecoveryError(
                "Another restore in place began at the same moment. Run again: it goes on with that one."
            ) from error

    def write(self, restore: OpenRestore) -> None:
        """Note how far it has come."""
        self._store.write(self._key, _document(restore))

    def remove(self) -> None:
        """Forget it: it has ended."""
        self._store.delete(self._key)


def _document(restore: OpenRestore) -> bytes:
    return restore.model_dump_json(indent=1).encode()


def require_none_open(live: LiveEnvironment) -> None:
    """Refuse to start tasks on a database that is being replaced.

    Raises:
        RecoveryError: a restore in place has not ended.
    """
    found = OpenRestores(live).find()
    if found is not None:
        raise RecoveryError(
            f"{found.database} of {live.outputs.environment} is being restored in place since "
            f"{found.began:%Y-%m-%d %H:%M} UTC ({found.phase}), so no tasks are started. Wait for that run; "
            "if it was killed, run restore-sqlite with in_place again: it goes on, or undoes it."
        )


def choose(live: LiveEnvironment, wanted: str | None, opened: OpenRestore | None = None) -> DatabaseBackup:
    """Return the backup of the open restore, the wanted one, or the newest that counts.

    Raises:
        SqliteError: there is none.
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


def require_same_target(opened: OpenRestore, release: str | None) -> ReleaseRecord:
    """Return the release on which an open restore brings the service back.

    Raises:
        RecoveryError: none, or another than the named one: it must end first.
    """
    if opened.target is not None and release in (None, opened.target.release):
        return opened.target
    ends = f"release {opened.target.release}" if opened.target else "the release that ran"
    raise RecoveryError(
        f"A restore of {opened.backup} is open ({opened.phase}), which ends on {ends}. Run restore-sqlite "
        "with in_place: it goes on. Then run this again."
    )


def begin(
    live: LiveEnvironment,
    run_id: str,
    backup: DatabaseBackup,
    report: Report,
    now: datetime,
    approved_by: str = "",
    target: ReleaseRecord | None = None,
) -> OpenRestore:
    """Bring the backup to a checked file beside the database, and note what is about to be done.

    With ``target`` the service comes back on that release.

    Raises:
        RecoveryError: a rollout is under way, or another restore is open.
        OneOffTaskError: a migration or a job that a killed run left did not end; nothing was stopped.
        SqliteJobError: the backup is damaged, the volume full, ...; nothing was stopped.
    """
    outputs = live.outputs
    service = live.service
    refuse_rollout(service.require())
    restored = restore_to_file(live, run_id, backup, report)
    clear(live.one_off_tasks, _TIME_TO_END, report)
    present = service.require()
    refuse_rollout(present)
    restore = OpenRestore(
        id=run_id,
        backup=backup.key,
        incoming=restored.target,
        database=live.database,
        began=now.replace(microsecond=0),
        wanted=present.desired,
        scaling=AutoScaling(live.access, outputs).read(),
        approved_by=approved_by,
        target=target,
        left=present.task_definition,
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
