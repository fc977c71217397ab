"""Chooses the backup of a restore in place."""

from pipeline.live import LiveEnvironment
from pipeline.recovery.errors import RecoveryError
from pipeline.recovery.record import OpenRestore
from pipeline.sqlite.catalogue import find_backup
from pipeline.sqlite.model import Backup


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
