"""Judges whether the copies exist that a recovery would need, and whether they are fresh. Pure; aware UTC."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LIMIT = timedelta(hours=26)
"""Every copy is made daily; two hours are left for the making."""


class Freshness(StrEnum):
    """State of one kind of copy."""

    FRESH = "fresh"
    NOT_DUE = "not due yet"
    OLD = "too old"
    MISSING = "missing"


@dataclass(frozen=True)
class Copies:
    """The copies of one thing, each by the moment up to which it holds everything."""

    what: str
    times: tuple[datetime, ...]
    remedy: str
    """The flow that makes the next one."""
    due: datetime | None = None
    """From when on there can be a copy at all; always, where absent."""


@dataclass(frozen=True)
class FreshnessFinding:
    """Finding about one kind of copy."""

    copies: Copies
    verdict: Freshness
    newest: datetime | None
    age: timedelta | None

    @property
    def bad(self) -> bool:
        """Whether a loss now could not be made good from a fresh copy."""
        return self.verdict in (Freshness.OLD, Freshness.MISSING)

    @property
    def next_step(self) -> str:
        """Next step; empty where all is well."""
        return f"Read the last run of {self.copies.remedy}, then start it." if self.bad else ""


def judge(copies: Copies, now: datetime, limit: timedelta = LIMIT) -> FreshnessFinding:
    """Judge by the newest copy.

    One from the future (a clock that was wrong) proves nothing and does not count.
    """
    newest = max((moment for moment in copies.times if moment <= now), default=None)
    if newest is None:
        waiting = copies.due is not None and now - copies.due <= limit
        return FreshnessFinding(copies, Freshness.NOT_DUE if waiting else Freshness.MISSING, None, None)
    age = now - newest
    return FreshnessFinding(copies, Freshness.FRESH if age <= limit else Freshness.OLD, newest, age)
