"""Finds backups and reads their manifests."""

from pydantic import ValidationError

from pipeline.live import LiveEnvironment
from pipeline.sqlite import layout
from pipeline.sqlite.errors import NoBackupError
from pipeline.sqlite.model import Backup, Manifest
from pipeline.sqlite.store import Store


def list_backups(live: LiveEnvironment) -> tuple[Backup, ...]:
    """Return every committed backup, newest first."""
    return Store(live).backups()


def find_backup(live: LiveEnvironment, wanted: str | None = None) -> Backup:
    """Return the newest verified backup of a live database, or the one with this id or key, whatever it is.

    Copies that restores made of what they replaced are not chosen by themselves: who repeats a restore
    would get the very database back that was to go.

    Raises:
        NoBackupError: there is none.
    """
    backups = list_backups(live)
    if wanted is None:
        found = next((item for item in backups if item.counts), None)
        if found is None:
            raise NoBackupError(
                f"{live.outputs.environment} has no verified backup of a live database. "
                "Run backup-sqlite and read its log."
            )
        return found
    found = next((item for item in backups if wanted in (item.id, item.key)), None)
    if found is None:
        known = ", ".join(item.id for item in backups[:10]) or "none"
        raise NoBackupError(f"There is no backup {wanted!r}. The newest: {known}.")
    return found


def read_manifest(live: LiveEnvironment, backup: Backup) -> Manifest:
    """Return the backup's manifest.

    Raises:
        NoBackupError: it is missing or damaged.
    """
    document = Store(live).read(backup.key + layout.MANIFEST)
    try:
        return Manifest.model_validate(document)
    except ValidationError as error:
        raise NoBackupError(
            f"The manifest of {backup.key} is missing or damaged ({error.error_count()} faults). "
            "Choose another backup."
        ) from error
