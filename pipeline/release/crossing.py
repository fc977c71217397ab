"""Decides which irreversible migrations lie between a release and the database as it is. Pure."""

from collections.abc import Iterable

from pipeline.release.model import ReleaseRecord, SchemaChange


def crossed(changes: Iterable[SchemaChange], chosen: ReleaseRecord) -> tuple[SchemaChange, ...]:
    """Return the irreversible changes since the chosen release was last seen to run well, newest first.

    What ran before that moment, it has proved to live with: as its own release, or because somebody went back
    to it or restarted it since.
    """
    found = [item for item in changes if item.irreversible and item.at > chosen.started_at]
    return tuple(sorted(found, key=lambda item: item.at, reverse=True))


def tell_changes(changes: Iterable[SchemaChange]) -> str:
    """Name the irreversible migrations, why they are, and the backup to return to."""
    return "\n".join(
        f"- {label}, for release {item.release} on {item.at:%Y-%m-%d %H:%M} UTC ({reason}). "
        f"Backup before it: {item.backup or 'none'}."
        for item in changes
        for label, reason in item.irreversible.items()
    )
