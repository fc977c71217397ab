"""What the state can be brought back from: its own versions, the copies before applies, the backups."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Literal

from pipeline.aws.bucket import StoredObject
from pipeline.state.home import StateHome, UnreadableStateError, describe
from pipeline.state.model import StateError, StateHead

_MOST = 20
"""Newest of each kind that are looked at: each is read whole."""

Kind = Literal["version", "snapshot", "backup"]


@dataclass(frozen=True)
class Candidate:
    """One readable copy of the state."""

    name: str
    """Version id of the state's object, or key of the copy: what a person asks for."""
    kind: Kind
    taken: datetime
    head: StateHead


def list_candidates(home: StateHome) -> tuple[Candidate, ...]:
    """List the newest of each kind that are readable, newest first.

    Raises:
        AwsError: they could not be read.
    """
    found = _described(_stored(home))
    return tuple(sorted(found, key=lambda item: (item.taken, item.head.serial), reverse=True))


def fetch_candidate(home: StateHome, name: str) -> StoredObject:
    """Read a candidate by its name.

    Raises:
        StateError: there is none of that name.
    """
    if name.startswith(_prefixes(home)):
        stored = home.read(name)
    else:
        known = {version for version, _ in home.versions(home.backend.key)}
        stored = home.read(home.backend.key, name) if name in known else None
    if stored is None:
        raise StateError(
            f"{home.environment} has no version, snapshot or backup {name!r} of its state. "
            "Run restore-state without a source: it lists them."
        )
    return stored


def _stored(home: StateHome) -> Iterator[tuple[str, Kind, StoredObject | None]]:
    for version, _ in islice(home.versions(home.backend.key), _MOST):
        yield version, "version", home.read(home.backend.key, version)
    snapshots, backups = _prefixes(home)
    for key in _newest(home, snapshots):
        yield key, "snapshot", home.read(key)
    for key in _newest(home, backups):
        yield key, "backup", home.read(key)


def _described(found: Iterable[tuple[str, Kind, StoredObject | None]]) -> Iterator[Candidate]:
    for name, kind, stored in found:
        if stored is None:
            continue
        try:
            yield Candidate(name, kind, stored.modified, describe(stored))
        except UnreadableStateError:
            continue


def _newest(home: StateHome, prefix: str) -> tuple[str, ...]:
    """Keys begin with the serial or the time, so their order is that of age."""
    keys = [key for key in home.keys(prefix) if key.endswith(".tfstate")]
    return tuple(reversed(keys[-_MOST:]))


def _prefixes(home: StateHome) -> tuple[str, str]:
    return f"snapshots/{home.environment}/", f"backups/{home.environment}/"
