"""Decides which copies of the state to remove. Pure."""

from collections.abc import Iterable
from datetime import datetime

from pipeline.retention import RetentionPolicy, reasons_to_keep


def to_remove(taken: Iterable[datetime], now: datetime, policy: RetentionPolicy) -> tuple[datetime, ...]:
    """Choose what to remove among the times of *verified* copies (timezone-aware UTC)."""
    newest_first = sorted(set(taken), reverse=True)
    if not newest_first or now - newest_first[0] > policy.stale:
        return ()
    kept = reasons_to_keep(newest_first, lambda moment: moment, policy)
    return tuple(moment for moment in newest_first if moment not in kept and now - moment > policy.grace)
