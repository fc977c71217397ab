"""Facts of a backup. Times are aware UTC datetimes, sizes bytes, durations seconds."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from pipeline.errors import PipelineError


class SqliteError(PipelineError):
    """A backup, restore or drill could not be done."""


class SqliteJobError(SqliteError):
    """The job in the task failed; ``kind`` is one of ``pipeline.sqlite.job.errors``, or "no-result"."""

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        super().__init__(message)


class NoDatabaseError(SqliteJobError):
    """There is no database to back up yet: before the first migration that is as it should be."""


class OtherRunError(SqliteError):
    """Somebody else writes the same record."""


_ADVICE = {
    "corrupt": "The older backups are untouched. Stop writes, and restore the newest one (restore-sqlite).",
    "upload-refused": "Check that the pipeline's role may write to the bucket, and its clock.",
    "upload-failed": "Check the task's way to S3 (NAT or gateway endpoint), and run again.",
    "download-failed": "Check the task's way to S3 (NAT or gateway endpoint), and run again.",
    "wrong-checksum": "Run again; if it repeats, take another backup.",
    "no-result": "Look at the task's log.",
    "stopped": "Run again.",
}

_EXPIRED = "The credentials that signed the URL have ended; run again."


def job_error(kind: str, message: str, where: str) -> SqliteJobError:
    """Return the error for a failed job, with the next step where the message has none."""
    error = NoDatabaseError if kind == "no-database" else SqliteJobError
    advice = _EXPIRED if "expired" in message.lower() else _ADVICE.get(kind, "")
    text = f"{where} failed ({kind}): {message.rstrip('.')}. {advice}".rstrip()
    return error(kind, text)


PART_BYTES = 8 << 20


@dataclass(frozen=True)
class BackupPolicy:
    """Settings of one backup. Times in seconds."""

    integrity: Literal["integrity_check", "quick_check"] = "integrity_check"
    """quick_check skips the indexes: five times faster on large databases."""
    parts: int = 400
    """Most parts of 8 MiB that the compressed database may have; S3's own limit is 10,000."""
    busy_timeout: float = 5.0
    """What the application waits for a lock (Django's default); a longer copy is warned about."""
    patience: float = 300.0
    """How long to wait for the application's own locks: better a late backup than none."""
    timeout: float = 3600.0
    """How long the task may take, the start of its container included."""
    read_back: bool = True
    """Whether the stored object is read again and hashed before the backup counts as verified."""


BEFORE_RESTORE = "before-restore"
"""What the backup of a database that is being replaced is made for."""
IMPORT = "import"
"""What the backup of a file is made for that came from elsewhere, to be put in the database's place."""
REPLACED, IMPORTED = "replaced by a restore", "imported"
"""Why a backup is none of the live database."""


@dataclass(frozen=True)
class DatabaseBackup:
    """A committed backup, as its name in S3 tells."""

    key: str
    """Key of the compressed database; the manifest's is the same with ``.manifest.json``."""
    id: str
    at: datetime
    verified: bool = True
    """False once a drill found it unusable."""
    apart: str = ""
    """Why it is none of the live database (REPLACED, IMPORTED); "" for one that is."""

    @property
    def imported(self) -> bool:
        """Whether it is of a file that came from elsewhere."""
        return self.apart == IMPORTED

    @property
    def counts(self) -> bool:
        """Whether it is what a recovery goes back to by itself, and a proof that backups work."""
        return self.verified and not self.apart


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Checks(_Strict):
    """Fingerprint of the database; a restored one must have the same."""

    integrity: str
    page_size: int
    page_count: int
    user_version: int
    foreign_key_violations: int
    """-1 where the schema itself does not let them be counted."""
    rows: dict[str, int | None]
    """Rows by table; None where this SQLite lacks a virtual table's module."""
    migrations: tuple[str, ...]
    """Django's applied migrations as app.name."""
    schema_sha256: str
    check_seconds: float


class BackupManifest(_Strict):
    """Manifest of a backup. It is written last: a backup without one does not exist."""

    version: int = 1
    id: str
    key: str
    environment: str
    database: str = ""
    """The file's path in the container; "" in backups of earlier versions."""
    reason: str
    """nightly, before RELEASE, ``BEFORE_RESTORE``, ``IMPORT``."""
    run_id: str
    task_definition: str
    copied_at: datetime
    """Everything committed before is in the backup."""
    created_at: datetime
    codec: str
    """gzip; zstd in backups of earlier versions."""
    bytes: int
    sha256: str
    compressed_bytes: int
    compressed_sha256: str
    etag: str
    checks: Checks
    journal: str
    file_system: str
    lock_seconds: float
    """How long writers may have waited (rollback journal modes)."""
    task_seconds: float
    peak_kib: int
    sqlite: str
    python: str
    warnings: tuple[str, ...] = ()
    read_back: bool = True
    """Whether the stored object was read again and hashed."""
