"""Names in the backup bucket. Pure.

sqlite/ENV/YYYY/MM/DD/TIME-ID.gz                       compressed database; .zst of earlier versions
sqlite/ENV/YYYY/MM/DD/TIME-ID.gz.manifest.json         commit marker
sqlite/ENV/YYYY/MM/DD/TIME-ID.gz.unusable.json         a drill's verdict
sqlite/ENV/YYYY/MM/DD/TIME-ID.gz.replaced.json         of a database that a restore put aside
sqlite-jobs/ENV/open/PURPOSE-RUN.json                  attempt that is under way
sqlite-jobs/ENV/jobs/ATTEMPT/job.json, result.json     what a task is to do, and did
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from pipeline.sqlite.model import DatabaseBackup

MANIFEST = ".manifest.json"
UNUSABLE = ".unusable.json"
REPLACED = ".replaced.json"
SIDECARS = (MANIFEST, UNUSABLE, REPLACED)
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
        replace(item, verified=item.key + UNUSABLE not in known, replaced=item.key + REPLACED in known)
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
