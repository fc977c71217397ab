"""Where an archived day lies in S3. Pure."""

from dataclasses import dataclass
from datetime import date
from urllib.parse import quote


@dataclass(frozen=True)
class ArchivePlace:
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
