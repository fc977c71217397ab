"""How backups are taken."""

from dataclasses import dataclass
from typing import Literal

PART_BYTES = 8 << 20


@dataclass(frozen=True)
class BackupPolicy:
    """How one backup is taken. Times in seconds."""

    integrity: Literal["integrity_check", "quick_check"] = "integrity_check"
    """quick_check skips the indexes: five times faster on large databases."""
    codec: Literal["auto", "zstd", "gzip"] = "auto"
    """auto: zstd where the image has libzstd, else gzip."""
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
