"""Adds up time spent in several things at once. Pure."""

from collections.abc import Iterable

Span = tuple[float, float]
"""Begin and end, in seconds."""


def covered(spans: Iterable[Span], within: Span) -> float:
    """Return the seconds of ``within`` in which at least one of the spans is under way."""
    begin, end = within
    total, reached = 0.0, begin
    for first, last in sorted(spans):
        total += max(0.0, min(last, end) - max(first, reached))
        reached = max(reached, last)
    return total
