"""Decides which backups to prune: grandfather, father, son. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from pipeline.sqlite.model import Backup
from pipeline.sqlite.policy import RetentionPolicy


@dataclass(frozen=True)
class Kept:
    """A backup that stays, and why."""

    backup: Backup
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Decision:
    """What stays and what goes, newest first; ``refusal`` says why nothing goes, if so."""

    kept: tuple[Kept, ...]
    pruned: tuple[Backup, ...]
    refusal: str | None = None


def decide(backups: Iterable[Backup], now: datetime, policy: RetentionPolicy) -> Decision:
    """Decide from times and verification alone.

    A backup from the future (a clock that was wrong) is kept and does not count as proof that backups work.
    """
    ordered = sorted(backups, key=lambda item: (item.at, item.id), reverse=True)
    verified = [item for item in ordered if item.verified]
    refusal = _refusal([item for item in verified if item.at <= now], now, policy)
    if refusal:
        return Decision(tuple(Kept(item, ("nothing is pruned",)) for item in ordered), (), refusal)
    reasons = _reasons(verified, policy)
    for item in ordered:
        if item.at > now - policy.grace:
            reasons.setdefault(item, []).append("grace")
    kept = tuple(Kept(item, tuple(reasons[item])) for item in ordered if item in reasons)
    return Decision(kept, tuple(item for item in ordered if item not in reasons))


def _refusal(verified: list[Backup], now: datetime, policy: RetentionPolicy) -> str | None:
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


def _reasons(verified: list[Backup], policy: RetentionPolicy) -> dict[Backup, list[str]]:
    """Give each backup that a rule keeps the rules' names; ``verified`` comes newest first."""
    reasons: dict[Backup, list[str]] = {}
    for item in verified[: policy.newest]:
        reasons.setdefault(item, []).append("newest")
    rules: tuple[tuple[str, int, Callable[[datetime], object]], ...] = (
        ("day", policy.days, lambda at: at.date()),
        ("week", policy.weeks, lambda at: at.isocalendar()[:2]),
        ("month", policy.months, lambda at: (at.year, at.month)),
        ("year", policy.years, lambda at: at.year),
    )
    for name, count, period in rules:
        for item in _newest_per_period(verified, count, period):
            reasons.setdefault(item, []).append(name)
    return reasons


def _newest_per_period(
    verified: list[Backup], count: int, period: Callable[[datetime], object]
) -> list[Backup]:
    found: dict[object, Backup] = {}
    for item in verified:
        found.setdefault(period(item.at), item)
    return list(found.values())[:count]
