"""Names in the backup bucket. Pure.

sqlite/ENV/YYYY/MM/DD/TIME-ID.gz                       compressed database; .zst of earlier versions
sqlite/ENV/YYYY/MM/DD/TIME-ID.gz.manifest.json         commit marker
sqlite/ENV/YYYY/MM/DD/TIME-ID.gz.unusable.json         a drill's verdict
sqlite/ENV/YYYY/MM/DD/TIME-ID.gz.replaced.json         of a database that a restore put aside
sqlite/ENV/YYYY/MM/DD/TIME-ID.gz.imported.json         of a file that came from elsewhere
sqlite-jobs/ENV/open/PURPOSE-RUN.json                  attempt that is under way
sqlite-jobs/ENV/jobs/ATTEMPT/job.json, result.json     what a task is to do, and did
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from pipeline.retention import RetentionPolicy, reasons_to_keep
from pipeline.sqlite import model
from pipeline.sqlite.model import DatabaseBackup

APART_KEPT = timedelta(days=30)
"""How long a copy stays that was not made of the live database: somebody may miss something in it."""


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
        if item.apart and item.at > now - APART_KEPT:
            reasons.setdefault(item, []).append(item.apart)
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


MANIFEST = ".manifest.json"
UNUSABLE = ".unusable.json"
REPLACED = ".replaced.json"
IMPORTED = ".imported.json"
SIDECARS = (MANIFEST, UNUSABLE, REPLACED, IMPORTED)
_APART = {REPLACED: model.REPLACED, IMPORTED: model.IMPORTED}
EXTENSION = ".gz"
_TIME = "%Y%m%dT%H%M%SZ"
_KEY = re.compile(r"/(?P<time>\d{8}T\d{6}Z)-(?P<id>[0-9a-f]+)\.(zst|gz)$")


def prefix(environment: str) -> str:
    """Return the folder of all backups."""
    return f"sqlite/{environment}/"


def stem(environment: str, at: datetime, backup_id: str) -> str:
    """Return the backup's key without its extension."""
    at = at.astimezone(UTC)
    return f"{prefix(environment)}{at:%Y/%m/%d}/{at.strftime(_TIME)}-{backup_id}"


def stamp(at: datetime) -> str:
    """Return a time as file names carry it."""
    return at.astimezone(UTC).strftime(_TIME)


def data_key(key: str) -> str:
    """Return the key of the database that ``key`` (data or a sidecar) belongs to."""
    for suffix in SIDECARS:
        key = key.removesuffix(suffix)
    return key


def parse(key: str) -> DatabaseBackup | None:
    """Read a backup from the key of its compressed database; None for any other key."""
    found = _KEY.search(key)
    if found is None:
        return None
    at = datetime.strptime(found["time"], _TIME).replace(tzinfo=UTC)
    return DatabaseBackup(key=key, id=found["id"], at=at)


def committed(keys: Iterable[str]) -> tuple[DatabaseBackup, ...]:
    """Return the backups that have both data and manifest, newest first."""
    known = set(keys)
    found = [
        replace(
            item,
            verified=item.key + UNUSABLE not in known,
            apart=next((why for mark, why in _APART.items() if item.key + mark in known), ""),
        )
        for item in map(parse, known)
        if item is not None and item.key + MANIFEST in known
    ]
    return tuple(sorted(found, key=lambda item: (item.at, item.id), reverse=True))


def uncommitted(keys: Iterable[str]) -> tuple[str, ...]:
    """Return what belongs to no committed backup: data without manifest, and the reverse."""
    known = set(keys)
    whole = {item.key for item in committed(known)}
    return tuple(sorted(key for key in known if data_key(key) not in whole))


def open_prefix(environment: str) -> str:
    """Return the folder of attempts under way."""
    return f"sqlite-jobs/{environment}/open/"


def open_key(environment: str, purpose: str, run_id: str) -> str:
    """Return where a run notes its attempt."""
    return f"{open_prefix(environment)}{purpose}-{run_id}.json"


def jobs_prefix(environment: str) -> str:
    """Return the folder of all job files."""
    return f"sqlite-jobs/{environment}/jobs/"


def job_key(environment: str, entry_id: str, name: str) -> str:
    """Return the key of an attempt's ``job.json`` or ``result.json``."""
    return f"{jobs_prefix(environment)}{entry_id}/{name}"
