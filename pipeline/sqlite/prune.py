"""Acts on the retention decision."""

from dataclasses import dataclass
from datetime import datetime

from pipeline.aws.errors import AwsError
from pipeline.live import LiveEnvironment
from pipeline.retention import RetentionPolicy
from pipeline.sqlite import layout
from pipeline.sqlite.model import Backup
from pipeline.sqlite.retention import Decision, decide
from pipeline.sqlite.store import Store


@dataclass(frozen=True)
class Pruned:
    """What came of it; ``failed`` pairs a backup with AWS's reason."""

    deleted: tuple[Backup, ...]
    failed: tuple[tuple[Backup, str], ...]


def plan_prune(live: LiveEnvironment, now: datetime, policy: RetentionPolicy | None = None) -> Decision:
    """Return what ``prune`` would do now."""
    return decide(Store(live).backups(), now, policy or RetentionPolicy())


def prune(live: LiveEnvironment, decision: Decision) -> Pruned:
    """Delete the backups that ``decision`` prunes; one that cannot be deleted does not stop the others.

    The manifest goes first: from then on the backup does not exist, and a sweep removes what a kill leaves.
    """
    store = Store(live)
    deleted: list[Backup] = []
    failed: list[tuple[Backup, str]] = []
    for backup in decision.pruned:
        try:
            store.delete([backup.key + layout.MANIFEST, backup.key])
            store.delete(backup.key + suffix for suffix in layout.SIDECARS[1:])
        except AwsError as error:
            failed.append((backup, str(error)))
        else:
            deleted.append(backup)
    return Pruned(tuple(deleted), tuple(failed))
