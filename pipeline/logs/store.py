"""The archive's objects in S3."""

import zlib
from collections.abc import Iterator
from datetime import date
from typing import Any

from pydantic import ValidationError

from pipeline.aws.access import AwsAccess
from pipeline.aws.bucket import ObjectHead, S3Bucket
from pipeline.logs.lines import GZIP
from pipeline.logs.manifest import ArchiveDamagedError, ArchivePlace, Manifest
from pipeline.logs.upload import Upload


class ArchiveStore:
    """Reads and writes archived days. Raises AwsError where S3 refuses or cannot be reached."""

    def __init__(self, access: AwsAccess, place: ArchivePlace) -> None:
        self.place = place
        self._bucket = S3Bucket(access, place.bucket)

    def manifest(self, group: str, day: date) -> Manifest | None:
        """Return a day's manifest, None where the day is not archived."""
        key = self.place.manifest(group, day)
        stored = self._bucket.read(key)
        if stored is None:
            return None
        try:
            return Manifest.model_validate_json(stored.body)
        except ValidationError as error:
            raise ArchiveDamagedError(
                f"s3://{self.place.bucket}/{key} is no manifest. "
                "Bring back its previous version and run again."
            ) from error

    def part(self, group: str, day: date) -> ObjectHead | None:
        """Return the events object's present ETag and size."""
        return self._bucket.head(self.place.part(group, day))

    def upload(self, group: str, day: date, present: ObjectHead | None, part_bytes: int) -> Upload:
        """Begin to write the events object over the present one, or where there is none."""
        return Upload(self._bucket, self.place.part(group, day), present, part_bytes)

    def commit(self, manifest: Manifest) -> None:
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
