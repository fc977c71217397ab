"""What is written down about an archived day. Pure."""

from datetime import date

from pydantic import BaseModel, ConfigDict


class Manifest(BaseModel):
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


def shrunk_streams(old: Manifest | None, events: dict[str, int]) -> frozenset[str]:
    """Return the streams that held more events before than now: deleted or expired since."""
    before = old.streams if old else {}
    return frozenset(name for name, count in before.items() if events.get(name, 0) < count)
