"""Archives one day of one log group, complete and repeatable in bounded memory, and verifies it."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import Enum
from tempfile import TemporaryFile
from typing import BinaryIO

from pipeline.aws.access import AwsAccess
from pipeline.aws.bucket import ObjectHead
from pipeline.aws.errors import AwsError
from pipeline.logs.cloudwatch import CloudWatchLogs, LineWriter, Stream, parse_line
from pipeline.logs.manifest import (
    ArchiveDamagedError,
    ArchiveFrozenError,
    ArchiveLocation,
    DayManifest,
    shrunk_streams,
)
from pipeline.logs.retention import LogGroup, expiring_days, history_is_archived, window
from pipeline.logs.store import ArchiveStore, lines_of


def archived_days(access: AwsAccess, place: ArchiveLocation, group: str) -> frozenset[date]:
    """Return the days of a group that have a manifest. Raises AwsError."""
    return frozenset(ArchiveStore(access, place).days(group))


def verify_day(access: AwsAccess, place: ArchiveLocation, group: str, day: date) -> DayManifest:
    """Read an archived day in full and compare it with its manifest: hashes, and events by stream.

    Raises:
        ArchiveDamagedError: the day is not archived, or is not what its manifest says.
        ArchiveFrozenError: the day has moved to Glacier.
        AwsError: S3 refused or could not be reached.
    """
    store = ArchiveStore(access, place)
    manifest = store.manifest(group, day)
    if manifest is None:
        raise ArchiveDamagedError(f"{group} of {day} is not archived. Run archive-logs for that day.")
    if manifest.part is None:
        return manifest
    part = store.part(group, day)
    if part is None or part.size != manifest.compressed_bytes:
        size = "is missing" if part is None else f"has {part.size} bytes"
        raise _damaged(manifest, f"the object {size}, its manifest says {manifest.compressed_bytes}")
    try:
        _compare(manifest, store.chunks(manifest.part))
    except AwsError as error:
        if error.code != "InvalidObjectState":
            raise
        raise ArchiveFrozenError(
            f"The archive of {group} on {day} lies in Glacier and cannot be read back. "
            f"Bring it back first: aws s3api restore-object --bucket {place.bucket} --key {manifest.part} "
            "--restore-request Days=7"
        ) from error
    return manifest


def history_is_verified(
    access: AwsAccess, place: ArchiveLocation, group: LogGroup, today: date, days: int
) -> bool:
    """Whether every day that a retention of ``days`` would delete is archived, and read back as it should be.

    Raises:
        ArchiveDamagedError: one of them is archived and damaged.
        ArchiveFrozenError: one of them has moved to Glacier.
        AwsError: S3 refused or could not be reached.
    """
    if not history_is_archived(group, archived_days(access, place, group.name), today, days):
        return False
    for day in expiring_days(group, today, days):
        verify_day(access, place, group.name, day)
    return True


def _compare(manifest: DayManifest, chunks: Iterator[bytes]) -> None:
    compressed, raw, streams = hashlib.sha256(), hashlib.sha256(), Counter[str]()

    def hashed() -> Iterator[bytes]:
        for chunk in chunks:
            compressed.update(chunk)
            yield chunk

    for line in lines_of(hashed()):
        raw.update(line)
        streams[parse_line(line)["stream"]] += 1
    if compressed.hexdigest() != manifest.compressed_sha256 or raw.hexdigest() != manifest.raw_sha256:
        raise _damaged(manifest, "its SHA-256 differs")
    if streams != manifest.streams:
        raise _damaged(manifest, "its events by stream differ")


def _damaged(manifest: DayManifest, what: str) -> ArchiveDamagedError:
    return ArchiveDamagedError(
        f"The archive of {manifest.group} on {manifest.day} is damaged: {what}. "
        "Bring back its previous version, or run archive-logs for that day while CloudWatch still has it."
    )


_CLOCK_SLACK_MS = 24 * 60 * 60 * 1000
"""Events may be two hours ahead of the clock (PutLogEvents), and a stream's last ingestion is told late."""


class ArchiveOutcome(Enum):
    """Outcome of a day's archiving."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"
    """The archive holds these very events already."""


@dataclass(frozen=True)
class ArchiveResult:
    """One archived day."""

    outcome: ArchiveOutcome
    manifest: DayManifest
    added: int
    """Events that the archive did not have before."""
    preserved: tuple[str, ...]
    """Streams of which CloudWatch holds fewer events than the archive: their archived events stay."""


def archive_day(access: AwsAccess, place: ArchiveLocation, group: str, day: date) -> ArchiveResult:
    """Copy every event of a UTC day to S3, then write the manifest.

    Repeating it finds late events and rewrites the day only if there are any; a stream never gets fewer
    events than are archived. A run that is killed leaves the day as it was. ``day`` must be over. The
    events lie in a temporary file until all are there.

    Raises:
        ArchiveConflictError: another run wrote the same day meanwhile.
        ArchiveDamagedError: an earlier archive of the day cannot be read.
        AwsError: AWS refused or could not be reached.
    """
    return _Day(access, place, group, day).archive()


class _Day:
    def __init__(self, access: AwsAccess, place: ArchiveLocation, group: str, day: date) -> None:
        self._logs = CloudWatchLogs(access)
        self._store = ArchiveStore(access, place)
        self._group, self._day = group, day
        self._start, self._end = window(day)

    def archive(self) -> ArchiveResult:
        present = self._store.part(self._group, self._day)
        old = self._store.manifest(self._group, self._day)
        preserved: frozenset[str] = frozenset()
        while True:
            with TemporaryFile() as file:
                writer = LineWriter(file.write)
                self._copy(writer, preserved)
                self._restore(writer, old, preserved)
                writer.close()
                shrunk = shrunk_streams(old, writer.streams)
                if not shrunk:
                    file.seek(0)
                    return self._settle(old, present, writer, file, preserved)
            self._refuse_damaged(shrunk & preserved)
            preserved |= shrunk

    def _copy(self, writer: LineWriter, preserved: frozenset[str]) -> None:
        """Write every stream's events of the day, except for the preserved streams."""
        for name in sorted(
            stream.name for stream in self._logs.streams(self._group) if self._may_hold(stream)
        ):
            if name not in preserved:
                for events in self._logs.pages(self._group, name, self._start, self._end):
                    writer.add(name, events)

    def _may_hold(self, stream: Stream) -> bool:
        """Whether a stream can hold events of the day: what was ingested before cannot be of it."""
        return stream.last_ingested is None or stream.last_ingested + _CLOCK_SLACK_MS >= self._start

    def _restore(self, writer: LineWriter, old: DayManifest | None, preserved: frozenset[str]) -> None:
        """Write the preserved streams' lines out of the present archive."""
        if old is None or old.part is None or not preserved:
            return
        for line in lines_of(self._store.chunks(old.part)):
            if parse_line(line)["stream"] in preserved:
                writer.add_line(line)

    def _refuse_damaged(self, missing: frozenset[str]) -> None:
        if missing:
            raise ArchiveDamagedError(
                f"The archive of {self._group} on {self._day} lacks events that its manifest counts, "
                f"in streams {', '.join(sorted(missing))}. Bring back its previous version and run again."
            )

    def _settle(
        self,
        old: DayManifest | None,
        present: ObjectHead | None,
        writer: LineWriter,
        events: BinaryIO,
        kept: frozenset[str],
    ) -> ArchiveResult:
        """Make what was written the archive, unless it is already."""
        if old is not None and old.raw_sha256 == writer.raw_sha256 and _matches(old, present):
            return ArchiveResult(ArchiveOutcome.UNCHANGED, old, 0, tuple(sorted(kept)))
        manifest = self._manifest(writer)
        if writer.events:
            self._store.write(manifest, events, present)
        self._store.commit(manifest)
        added = manifest.events - (old.events if old else 0)
        return ArchiveResult(ArchiveOutcome.WRITTEN, manifest, added, tuple(sorted(kept)))

    def _manifest(self, writer: LineWriter) -> DayManifest:
        return DayManifest(
            group=self._group,
            day=self._day,
            part=self._store.place.part(self._group, self._day) if writer.events else None,
            events=writer.events,
            streams=dict(writer.streams),
            first_event=writer.first_event,
            last_event=writer.last_event,
            raw_bytes=writer.raw_bytes,
            raw_sha256=writer.raw_sha256,
            compressed_bytes=writer.compressed_bytes,
            compressed_sha256=writer.compressed_sha256,
        )


def _matches(old: DayManifest, present: ObjectHead | None) -> bool:
    """Whether the events object is still the one of the manifest."""
    return old.part is None or (present is not None and present.size == old.compressed_bytes)
