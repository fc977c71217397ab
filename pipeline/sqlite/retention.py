"""Decides which backups to prune, and says why the others stay. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.retention import RetentionPolicy, reasons_to_keep
from pipeline.sqlite.model import DatabaseBackup

REPLACED_KEPT = timedelta(days=30)
"""How long the copy of a database that a restore put aside stays: somebody may miss something in it."""


@dataclass(frozen=True)
class Kept:
    """A backup that stays, and why."""

    backup: DatabaseBackup
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Decision:
    """Backups to keep and to delete, newest first; ``refusal`` says why none is deleted."""

    kept: tuple[Kept, ...]
    pruned: tuple[DatabaseBackup, ...]
    refusal: str | None = None


def decide(backups: Iterable[DatabaseBackup], now: datetime, policy: RetentionPolicy) -> Decision:
    """Decide from times, verification and origin alone.

    A backup from the future (a clock that was wrong) is kept and does not count as proof that backups work.
    """
    ordered = sorted(backups, key=lambda item: (item.at, item.id), reverse=True)
    counting = [item for item in ordered if item.counts]
    refusal = _refusal([item for item in counting if item.at <= now], now, policy)
    if refusal:
        return Decision(tuple(Kept(item, ("nothing is pruned",)) for item in ordered), (), refusal)
    reasons = reasons_to_keep(counting, lambda item: item.at, policy)
    for item in ordered:
        if item.replaced and item.at > now - REPLACED_KEPT:
            reasons.setdefault(item, []).append("replaced by a restore")
        if item.at > now - policy.grace:
            reasons.setdefault(item, []).append("grace")
    kept = tuple(Kept(item, tuple(reasons[item])) for item in ordered if item in reasons)
    return Decision(kept, tuple(item for item in ordered if item not in reasons))


def _refusal(verified: list[DatabaseBackup], now: datetime, policy: RetentionPolicy) -> str | None:
    if not verified:
        return "There is no verified backup: nothing is pruned. Run backup-sqlite and read its log."
    age = now - verified[0].at
    if age > policy.stale:
        hours = age.total_seconds() / 3600
        return (
            f"The newest verified backup is {hours:.0f} h old: nothing is pruned until one succeeds. "
            "Run backup-sqlite and read its log."
        )
    return None
