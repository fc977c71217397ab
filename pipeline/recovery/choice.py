"""Chooses the backup of a restore in place."""

from pipeline.recovery.errors import RecoveryError
from pipeline.recovery.record import OpenRestore
from pipeline.sqlite import Backup, NoBackupError, Site, find_backup, list_backups, read_manifest

REASON = "before-restore"
"""What the backup of a database that is being replaced is made for."""


def choose(site: Site, wanted: str | None, opened: OpenRestore | None = None) -> Backup:
    """Return the backup of the open restore, the wanted one, or the newest verified one of a live database.

    Copies that restores made of what they replaced are not chosen by themselves: who repeats a restore
    would get the very database back that was to go.

    Raises:
        NoBackupError: there is none.
        RecoveryError: another one is wanted than that of the open restore.
    """
    if opened is not None:
        found = find_backup(site, opened.backup)
        if wanted not in (None, found.id, found.key):
            raise RecoveryError(
                f"A restore of {found.key} is open ({opened.phase}); it must end first. "
                "Run again without backup, then once more with it."
            )
        return found
    return find_backup(site, wanted) if wanted else _newest(site)


def _newest(site: Site) -> Backup:
    for item in list_backups(site):
        if item.verified and read_manifest(site, item).reason != REASON:
            return item
    raise NoBackupError(
        f"{site.outputs.environment} has no verified backup of a live database. "
        "Name one that was made before a restore, if that is wanted."
    )
