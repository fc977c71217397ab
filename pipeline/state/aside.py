"""Ends the copies and records that each apply and each restore leaves beside the state."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta

from pipeline.state.backend import StateBackend

KEPT = 50
"""So many of the newest of each kind stay whatever their age: all that a way back is looked for in."""
YOUNG = timedelta(days=90)
"""So do all that are younger."""
_KINDS = ("snapshots", "records", "replaced", "locks")
"""``locks`` has the notes of runs: only those of killed ones are left for so long."""


def past_their_time(written: Mapping[str, datetime], now: datetime) -> tuple[str, ...]:
    """Choose the keys of one kind that go, in the order in which they may (pure).

    The kind is the first part of a key, the environment the second; what comes next names one copy or
    record. A record's second object goes after its first, which makes it a record.
    """
    things: dict[str, list[str]] = defaultdict(list)
    for key in written:
        things["/".join(key.split("/")[:3])].append(key)
    at = {thing: max(written[key] for key in keys) for thing, keys in things.items()}
    by_age = sorted(things, key=lambda thing: (at[thing], thing))
    return tuple(
        key
        for thing in by_age[:-KEPT]
        if now - at[thing] > YOUNG
        for key in sorted(things[thing], reverse=True)
    )


def find_past(home: StateBackend, now: datetime) -> tuple[str, ...]:
    """Return the keys of every kind that go.

    Raises:
        AwsError: they cannot be listed.
    """
    return tuple(
        key for kind in _KINDS for key in past_their_time(home.keys(f"{kind}/{home.environment}/"), now)
    )
