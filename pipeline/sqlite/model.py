"""What is known of a backup. Times are aware UTC datetimes, sizes bytes, durations seconds."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

PART_BYTES = 8 << 20


@dataclass(frozen=True)
class BackupPolicy:
    """How one backup is taken. Times in seconds."""

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


@dataclass(frozen=True)
class Backup:
    """A committed backup, as its name in S3 tells."""

    key: str
    """Key of the compressed database; the manifest's is the same with ``.manifest.json``."""
    id: str
    at: datetime
    verified: bool = True
    """False once a drill found it unusable."""
    replaced: bool = False
    """Whether a restore made it of the database that it put aside."""

    @property
    def counts(self) -> bool:
        """Whether it is what a recovery goes back to by itself, and a proof that backups work."""
        return self.verified and not self.replaced


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


class Manifest(_Strict):
    """What a backup is. Written last: a backup without one does not exist."""

    version: int = 1
    id: str
    key: str
    environment: str
    reason: str
    """nightly, before RELEASE, ``BEFORE_RESTORE``."""
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
