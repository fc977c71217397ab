"""Decides whether the release before can be expected to run after a migration. Pure; ADR 16 tells why so."""

from collections.abc import Iterable

from pipeline.migrations.model import Migration, Operation

_TAKES = "takes away what the release before uses"
_RENAMES = "renames what the release before uses"
_REASONS = {
    "RemoveField": _TAKES,
    "DeleteModel": _TAKES,
    "RenameField": _RENAMES,
    "RenameModel": _RENAMES,
    "AlterModelTable": _RENAMES,
    "AlterOrderWithRespectTo": "adds a column that the release before does not fill in",
}
"""Operations that Django can undo, with what they hide from code that does not know them."""


def irreversible(migrations: Iterable[Migration]) -> dict[str, str]:
    """Return why by label for each irreversible one; empty where all may stay under an older release."""
    found = {item.label: why_irreversible(item) for item in migrations}
    return {label: reason for label, reason in found.items() if reason}


def why_irreversible(migration: Migration) -> str:
    """Return the reason; "" for a migration that may stay under the release before.

    The author's word (``irreversible`` on the Migration class) counts before anything that is read from its
    operations, in both directions.
    """
    if migration.marker is not None:
        return "marked irreversible = True" if migration.marker else ""
    return next(filter(None, map(_why, migration.operations)), "")


def _why(operation: Operation) -> str:
    if not operation.reversible:
        return f"{operation.what}: has no way back"
    if operation.kind in _REASONS:
        return f"{operation.what}: {_REASONS[operation.kind]}"
    if operation.required:
        return f"{operation.what}: NOT NULL without db_default, which the release before does not fill in"
    return ""
