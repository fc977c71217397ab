"""Brings back an earlier version of a lost or damaged state."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Literal

from pipeline.aws.bucket import StoredObject
from pipeline.clock import utc_now
from pipeline.state.backend import StateBackend, UnreadableStateError, describe
from pipeline.state.lock import held_lock, read_digest, write_digest
from pipeline.state.model import StateChangedError, StateError, StateHead
from pipeline.state.restorable import PresentState, judge_restore

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


def list_candidates(home: StateBackend) -> tuple[Candidate, ...]:
    """List the newest of each kind that are readable, newest first.

    Raises:
        AwsError: they could not be read.
    """
    found = _described(_stored(home))
    return tuple(sorted(found, key=lambda item: (item.taken, item.head.serial), reverse=True))


def fetch_candidate(home: StateBackend, name: str) -> StoredObject:
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


def _stored(home: StateBackend) -> Iterator[tuple[str, Kind, StoredObject | None]]:
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


def _newest(home: StateBackend, prefix: str) -> tuple[str, ...]:
    """Keys begin with the serial or the time, so their order is that of age."""
    keys = [key for key in home.keys(prefix) if key.endswith(".tfstate")]
    return tuple(reversed(keys[-_MOST:]))


def _prefixes(home: StateBackend) -> tuple[str, str]:
    return f"snapshots/{home.environment}/", f"backups/{home.environment}/"


@dataclass(frozen=True)
class RestoredState:
    """Result of a restore."""

    version_id: str
    serial: int
    lineage: str
    kept: str = ""
    """Key of the copy of what was replaced; "" when there was nothing."""


def inspect_state(home: StateBackend) -> PresentState:
    """Look at the state and at the digest that the lock table keeps of it."""
    stored = home.read(home.backend.key)
    digest = read_digest(home)
    if stored is None:
        return PresentState(None, missing=True, digest_agrees=digest is None)
    try:
        head = describe(stored)
    except UnreadableStateError:
        return PresentState(None, missing=False, digest_agrees=False, version_id=stored.version_id)
    return PresentState(
        head, missing=False, digest_agrees=digest in {None, head.md5}, version_id=head.version_id
    )


def restore_state(
    home: StateBackend,
    version: StoredObject,
    seen: PresentState,
    who: str,
) -> RestoredState:
    """Make ``version`` (of the state, a snapshot or a backup) the state again, under Terraform's own lock.

    It gets a serial above both, so that plans made before are stale, and the digest in the lock table is
    fixed. What it replaces, however damaged, is kept below ``replaced/ENV/``. ``seen`` is what the decision
    was made on.

    Raises:
        StateError: see ``judge_restore``.
        StateChangedError: the state is locked, or changed since it was seen.
        UnreadableStateError: the candidate itself is damaged.
    """
    candidate = describe(version)
    with held_lock(home, who, "OperationTypeRestore"):
        if inspect_state(home) != seen:
            raise StateChangedError(f"The state of {home.environment} changed since it was seen. Look again.")
        if refusal := judge_restore(seen, candidate):
            raise StateError(f"The state of {home.environment} stays: {refusal}")
        body, serial = _renumbered(version, candidate, seen)
        present = home.read(home.backend.key)
        kept = _keep(home, present) if present else ""
        version_id = home.replace(home.backend.key, body, present)
        write_digest(home, hashlib.md5(body, usedforsecurity=False).hexdigest())
    return RestoredState(version_id, serial, candidate.lineage, kept)


def _keep(home: StateBackend, present: StoredObject) -> str:
    key = f"replaced/{home.environment}/{utc_now():%Y%m%dT%H%M%S.%fZ}.tfstate"
    home.write_new(key, present.body, {"sha256": present.sha256, "source-version": present.version_id})
    return key


def _renumbered(version: StoredObject, candidate: StateHead, seen: PresentState) -> tuple[bytes, int]:
    if seen.head and seen.head.sha256 == candidate.sha256:
        return version.body, candidate.serial
    serial = max(candidate.serial, seen.head.serial if seen.head else 0) + 1
    document = {**json.loads(version.body), "serial": serial}
    return json.dumps(document, indent=2).encode(), serial
