"""Reads archived days back."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import date

from pipeline.aws.access import AwsAccess
from pipeline.logs.days import expiring_days, history_is_archived
from pipeline.logs.groups import LogGroup
from pipeline.logs.lines import parse_line
from pipeline.logs.manifest import ArchiveDamagedError, ArchivePlace, Manifest
from pipeline.logs.store import ArchiveStore, lines_of


def archived_days(access: AwsAccess, place: ArchivePlace, group: str) -> frozenset[date]:
    """Return the days of a group that have a manifest. Raises AwsError."""
    return frozenset(ArchiveStore(access, place).days(group))


def verify_day(access: AwsAccess, place: ArchivePlace, group: str, day: date) -> Manifest:
    """Read an archived day in full and compare it with its manifest: hashes, and events by stream.

    Raises:
        ArchiveDamagedError: the day is not archived, or is not what its manifest says.
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
    _compare(manifest, store.chunks(manifest.part))
    return manifest


def history_is_verified(
    access: AwsAccess, place: ArchivePlace, group: LogGroup, today: date, days: int
) -> bool:
    """Whether every day that a retention of ``days`` would delete is archived, and read back as it should be.

    Raises:
        ArchiveDamagedError: one of them is archived and damaged.
        AwsError: S3 refused or could not be reached.
    """
    if not history_is_archived(group, archived_days(access, place, group.name), today, days):
        return False
    for day in expiring_days(group, today, days):
        verify_day(access, place, group.name, day)
    return True


def _compare(manifest: Manifest, chunks: Iterator[bytes]) -> None:
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


def _damaged(manifest: Manifest, what: str) -> ArchiveDamagedError:
    return ArchiveDamagedError(
        f"The archive of {manifest.group} on {manifest.day} is damaged: {what}. "
        "Bring back its previous version, or run archive-logs for that day while CloudWatch still has it."
    )
