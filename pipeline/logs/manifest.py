"""Manifest of an archived day. Pure."""

from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict

from pipeline.errors import PipelineError


@dataclass(frozen=True)
class ArchiveLocation:
    """The archive of one environment: ``logs/ENV/group=GROUP/date=YYYY-MM-DD/`` in a bucket.

    GROUP is percent-encoded, so that its slashes make no folders; Athena and Glue read such partitions.
    """

    bucket: str
    environment: str

    def group_prefix(self, group: str) -> str:
        """Return the prefix of a group's days."""
        return f"logs/{self.environment}/group={quote(group, safe='')}/date="

    def part(self, group: str, day: date) -> str:
        """Return the key of a day's events."""
        return f"{self.group_prefix(group)}{day.isoformat()}/part-0000.jsonl.gz"

    def manifest(self, group: str, day: date) -> str:
        """Return the key of a day's manifest, which is written last: a day without one is not archived."""
        return f"{self.group_prefix(group)}{day.isoformat()}/manifest.json"


class DayManifest(BaseModel):
    """One archived day of one group. Times are milliseconds since the epoch."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: int = 1
    group: str
    day: date
    part: str | None
    """Key of the events; None for a day without any."""
    events: int
    streams: dict[str, int]
    """Events by stream."""
    first_event: int | None
    last_event: int | None
    raw_bytes: int
    raw_sha256: str
    """Hash of the lines before compression: equal for equal events, whatever compressed them."""
    compressed_bytes: int
    compressed_sha256: str


def shrunk_streams(old: DayManifest | None, events: dict[str, int]) -> frozenset[str]:
    """Return the streams that held more events before than now: deleted or expired since."""
    before = old.streams if old else {}
    return frozenset(name for name, count in before.items() if events.get(name, 0) < count)


class LogsError(PipelineError):
    """Log groups could not be read, kept or archived."""


class ArchiveConflictError(LogsError):
    """Another run archived the same day at the same time."""

    transient = True


class ArchiveDamagedError(LogsError):
    """An archived day is not what its manifest says."""


class ArchiveFrozenError(LogsError):
    """An archived day has moved to a storage class that S3 hands nothing out of."""
