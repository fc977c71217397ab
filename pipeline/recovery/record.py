"""The note of a restore in place: how far it is, and what the service is to be again afterwards."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from pipeline.errors import PipelineError
from pipeline.live import LiveEnvironment
from pipeline.sqlite.errors import OtherRunError
from pipeline.sqlite.layout import stamp
from pipeline.sqlite.store import Store


class RecoveryError(PipelineError):
    """A restore in place could not begin or go on."""


class Phase(StrEnum):
    """What a run that finds the note has to do next."""

    STOPPING = "stopping"
    """Bring the service to no tasks and save the database, which is untouched."""
    SWAPPING = "swapping"
    """Put the backup in place; the database may be the old one or the restored one."""
    STARTING = "starting"
    """Bring the service back on the restored database, and prove it."""
    UNDOING = "undoing"
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
    scaling: dict[str, bool] | None
    """What of auto scaling was suspended before; None where the service does not scale."""
    phase: Phase = Phase.STOPPING
    approved_by: str = ""
    safety: str | None = None
    """Key of the backup of the database that is replaced; None where it could not be read."""
    fault: str = ""
    """Why it is being undone."""

    @property
    def aside(self) -> str:
        """The file that was the database before; named so by ``pipeline.sqlite.swap_in``."""
        return f"{self.database}.before-{stamp(self.began)}"


class OpenRestores:
    """Where the note lies: in the backup bucket, outside of what the sweep of dead jobs removes."""

    def __init__(self, live: LiveEnvironment) -> None:
        self._store = Store(live)
        self._key = f"sqlite-jobs/{live.outputs.environment}/in-place.json"

    def find(self) -> OpenRestore | None:
        """Return the restore that is under way or was killed."""
        document = self._store.read(self._key)
        return None if document is None else OpenRestore.model_validate(document)

    def open(self, restore: OpenRestore) -> None:
        """Note a new restore.

        Raises:
            RecoveryError: another one is open.
        """
        try:
            self._store.write(self._key, _document(restore), once=True)
        except OtherRunError as error:
            raise RecoveryError(
                "Another restore in place began at the same moment. Run again: it goes on with that one."
            ) from error

    def write(self, restore: OpenRestore) -> None:
        """Note how far it has come."""
        self._store.write(self._key, _document(restore))

    def remove(self) -> None:
        """Forget it: it has ended."""
        self._store.delete([self._key])


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
            f"The database of {live.outputs.environment} is being restored in place since "
            f"{found.began:%Y-%m-%d %H:%M} UTC ({found.phase}), so no tasks are started. Wait for that run; "
            "if it was killed, run restore-sqlite with in_place again: it goes on, or undoes it."
        )
