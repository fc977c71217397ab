"""The archive's objects in S3."""

import zlib
from collections.abc import Iterator
from datetime import date
from typing import Any, BinaryIO, TypedDict

from pydantic import TypeAdapter

from pipeline.aws.access import AwsAccess
from pipeline.aws.bucket import ABSENT, CONFLICT, ObjectHead, S3Bucket
from pipeline.aws.errors import AwsError, calling
from pipeline.logs.cloudwatch import GZIP
from pipeline.logs.manifest import ArchiveConflictError, ArchiveDamagedError, ArchiveLocation, DayManifest
from pipeline.stored import read_stored

_MANIFEST = TypeAdapter(DayManifest)
_TYPE = "application/gzip"


class _Condition(TypedDict, total=False):
    IfMatch: str
    IfNoneMatch: str


class ArchiveStore:
    """Reads and writes archived days. Raises AwsError where S3 refuses or cannot be reached."""

    def __init__(self, access: AwsAccess, place: ArchiveLocation) -> None:
        self.place = place
        self._bucket = S3Bucket(access, place.bucket)

    def manifest(self, group: str, day: date) -> DayManifest | None:
        """Return a day's manifest, None where the day is not archived."""
        key = self.place.manifest(group, day)
        stored = self._bucket.read(key)
        if stored is None:
            return None
        return read_stored(
            _MANIFEST,
            stored.body,
            f"The manifest s3://{self.place.bucket}/{key}",
            ArchiveDamagedError,
            "Bring back its previous version and run again.",
        )

    def part(self, group: str, day: date) -> ObjectHead | None:
        """Return the events object's present ETag and size."""
        return self._bucket.head(self.place.part(group, day))

    def write(self, manifest: DayManifest, events: BinaryIO, present: ObjectHead | None) -> None:
        """Write the manifest's events over ``present``, or where there is none; a day may have up to 5 GiB.

        Raises:
            ArchiveConflictError: somebody else wrote the object since ``present`` was seen.
            AwsError: S3 refused or could not be reached.
        """
        key = self.place.part(manifest.group, manifest.day)
        condition: _Condition = {"IfMatch": present.etag} if present else {"IfNoneMatch": "*"}
        try:
            with calling(f"Writing s3://{self.place.bucket}/{key}"):
                self._bucket.client.put_object(
                    Bucket=self.place.bucket, Key=key, Body=events, ContentType=_TYPE, **condition
                )
        except AwsError as error:
            if error.code not in CONFLICT | ABSENT:
                raise
            if not self._holds(key, manifest.compressed_sha256):
                raise ArchiveConflictError(
                    f"s3://{self.place.bucket}/{key} was written by another run meanwhile; this one wrote "
                    "nothing. Run again."
                ) from error

    def _holds(self, key: str, sha256: str) -> bool:
        """Whether our own content is there: boto3 repeats a write whose answer was lost."""
        return self._bucket.head(key) is not None and self._bucket.sha256(key) == sha256

    def commit(self, manifest: DayManifest) -> None:
        """Write the manifest: from now on the day is archived."""
        body = manifest.model_dump_json(indent=2).encode()
        self._bucket.write(self.place.manifest(manifest.group, manifest.day), body)

    def chunks(self, key: str) -> Iterator[bytes]:
        """Yield an object's bytes; log lines grow twentyfold and more when they are unpacked."""
        return self._bucket.chunks(key)

    def days(self, group: str) -> Iterator[date]:
        """Yield the days of a group that have a manifest."""
        prefix = self.place.group_prefix(group)
        keys = (key.removeprefix(prefix) for key in self._bucket.keys(prefix))
        return (date.fromisoformat(key.split("/")[0]) for key in keys if key.endswith("/manifest.json"))


def lines_of(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the lines of gzipped chunks, each with its line end.

    Raises:
        ArchiveDamagedError: they are not gzip, or are cut off.
    """
    gunzip = zlib.decompressobj(GZIP)
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + _unpack(gunzip, chunk)).split(b"\n")
        yield from (line + b"\n" for line in lines)
    if rest or not gunzip.eof:
        raise _unreadable("it is cut off")


def _unpack(gunzip: Any, chunk: bytes) -> bytes:
    try:
        return bytes(gunzip.decompress(chunk))
    except zlib.error as error:
        raise _unreadable(str(error)) from error


def _unreadable(why: str) -> ArchiveDamagedError:
    return ArchiveDamagedError(
        f"The archived events cannot be unpacked ({why}). Bring back the object's previous version."
    )
