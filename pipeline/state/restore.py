"""Brings back an earlier version of a lost or damaged state, or chooses the configuration to go back to."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Literal

from pipeline.aws.bucket import StoredObject
from pipeline.clock import utc_now
from pipeline.state.backend import StateBackend, UnreadableStateError, describe
from pipeline.state.lock import held_lock, read_digest, write_digest
from pipeline.state.model import ConfigurationRecord, StateChangedError, StateError, StateHead
from pipeline.way_back import way_back


def choose_record(records: Sequence[ConfigurationRecord], name: str | None = None) -> ConfigurationRecord:
    """Choose among one environment's records.

    With ``name`` (or the beginning of one): that record. Without: the good configuration before the present
    one on the way back, and different from it. Rolling back twice goes two steps back, never back and forth.

    Raises:
        StateError: nothing fits.
    """
    newest_first = sorted(records, key=lambda record: record.name, reverse=True)
    if name is not None:
        return _named(newest_first, name)
    if not newest_first:
        raise StateError("Nothing has been applied yet, so there is nothing to roll back to.")
    known = {record.name: record for record in newest_first}
    good = [record for record in newest_first if record.outcome == "succeeded"]
    # A rollback's own record repeats an older configuration: history is walked by the originals.
    originals = {record.bundle_sha256: record for record in reversed(good) if not record.restores}
    ends = {record.name: (_configuration(record, known), bool(record.restores)) for record in good}
    # Names sort by time: one that is gone keeps its place.
    gone = {record.restores: (record.bundle_sha256, False) for record in good if record.restores}
    present = _configuration(newest_first[0], known)
    for bundle in way_back(end for _, end in sorted((gone | ends).items())):
        if bundle != present and bundle in originals:
            return originals[bundle]
    raise StateError(
        f"There is no good configuration before {newest_first[0].name} that was not taken back already. Fix "
        "the configuration and deploy it instead, or name a record."
    )


def _configuration(record: ConfigurationRecord, known: Mapping[str, ConfigurationRecord]) -> str:
    """Return the digest of what was applied: of a rollback, that of the record that it went back to."""
    while record.restores in known and record.restores < record.name:
        record = known[record.restores]
    return record.bundle_sha256


def _named(records: Sequence[ConfigurationRecord], name: str) -> ConfigurationRecord:
    found = [record for record in records if record.name.startswith(name)]
    if len(found) != 1:
        known = ", ".join(record.name for record in records) or "none"
        what = "No record" if not found else f"{len(found)} records"
        raise StateError(f"{what} named {name!r}. Known: {known}.")
    return found[0]


@dataclass(frozen=True)
class PresentState:
    """The state as it is, whole or not."""

    head: StateHead | None
    """None when it is missing or damaged."""
    missing: bool
    digest_agrees: bool
    """Whether the lock table expects this very content."""
    version_id: str = ""

    @property
    def whole(self) -> bool:
        """Whether Terraform can work with it."""
        return self.head is not None and self.digest_agrees

    @property
    def description(self) -> str:
        """Fault or content of the state, in words."""
        if self.missing:
            return "missing"
        if self.head is None:
            return "damaged"
        found = f"serial {self.head.serial} with {self.head.resources} resources"
        return found if self.digest_agrees else f"{found}, but the lock table expects another content"


def judge_restore(present: PresentState, candidate: StateHead) -> str:
    """Return why the candidate must not replace the present state, or "" (pure).

    An old state changes no infrastructure: resources made since would be orphaned. So it is for lost or
    damaged states alone.
    """
    head = present.head
    if head and head.lineage != candidate.lineage:
        return f"the candidate is of another lineage ({candidate.lineage}) than the state ({head.lineage})."
    if head and head.sha256 == candidate.sha256 and present.digest_agrees:
        return "the state is this version already."
    if present.whole:
        return "the state is readable. To change infrastructure back, run rollback-infrastructure."
    return ""


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


def restore_state(home: StateBackend, version: StoredObject, seen: PresentState, who: str) -> RestoredState:
    """Make ``version`` (of the state, a snapshot or a backup) the state again, under Terraform's own lock.

    It gets a serial above both, so that plans made before are stale, and the digest in the lock table is
    fixed. What it replaces, however damaged, is kept below ``replaced/ENV/``. ``seen`` is what the decision
    was made on.

    Raises:
        StateError: see ``judge_restore``.
        StateChangedError, ConflictError: the state is locked, or changed since it was seen.
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
    home.write_once(key, present.body, {"sha256": present.sha256, "source-version": present.version_id})
    return key


def _renumbered(version: StoredObject, candidate: StateHead, seen: PresentState) -> tuple[bytes, int]:
    if seen.head and seen.head.sha256 == candidate.sha256:
        return version.body, candidate.serial
    serial = max(candidate.serial, seen.head.serial if seen.head else 0) + 1
    document = {**json.loads(version.body), "serial": serial}
    return json.dumps(document, indent=2).encode(), serial
