"""The archive's objects in S3."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from botocore.exceptions import ClientError
from pydantic import ValidationError

from pipeline.aws import AwsAccess, read_object
from pipeline.aws.calling import calling
from pipeline.logs.errors import ArchiveDamagedError
from pipeline.logs.lines import GZIP
from pipeline.logs.manifest import Manifest
from pipeline.logs.place import ArchivePlace
from pipeline.logs.upload import Upload

_READ = 64 * 1024
"""Compressed bytes at a time: log lines grow twentyfold and more when they are unpacked."""
_ABSENT = {"404", "NoSuchKey", "NotFound"}


@dataclass(frozen=True)
class Part:
    """The events object as it lies there now."""

    etag: str
    size: int


class ArchiveStore:
    """Reads and writes archived days. Raises AwsError where S3 refuses or cannot be reached."""

    def __init__(self, access: AwsAccess, place: ArchivePlace) -> None:
        self.place = place
        self._s3 = access.client("s3")

    def manifest(self, group: str, day: date) -> Manifest | None:
        """Return a day's manifest, None where the day is not archived."""
        key = self.place.manifest(group, day)
        with calling(f"Reading {key}"):
            try:
                body = read_object(self._s3, Bucket=self.place.bucket, Key=key)["Body"]
            except ClientError as error:
                if _absent(error):
                    return None
                raise
        try:
            return Manifest.model_validate_json(body)
        except ValidationError as error:
            raise ArchiveDamagedError(
                f"s3://{self.place.bucket}/{key} is no manifest. "
                "Bring back its previous version and run again."
            ) from error

    def part(self, group: str, day: date) -> Part | None:
        """Return the events object's present ETag and size."""
        key = self.place.part(group, day)
        with calling(f"Looking at {key}"):
            try:
                answer = self._s3.head_object(Bucket=self.place.bucket, Key=key)
            except ClientError as error:
                if _absent(error):
                    return None
                raise
        return Part(answer["ETag"], answer["ContentLength"])

    def upload(self, group: str, day: date, present: Part | None, part_bytes: int) -> Upload:
        """Begin to write the events object over the present one, or where there is none."""
        condition = {"IfMatch": present.etag} if present else {"IfNoneMatch": "*"}
        return Upload(self._s3, self.place.bucket, self.place.part(group, day), condition, part_bytes)

    def commit(self, manifest: Manifest) -> None:
        """Write the manifest: from now on the day is archived."""
        key = self.place.manifest(manifest.group, manifest.day)
        with calling(f"Writing {key}"):
            self._s3.put_object(
                Bucket=self.place.bucket,
                Key=key,
                Body=manifest.model_dump_json(indent=2).encode(),
                ContentType="application/json",
            )

    def chunks(self, key: str) -> Iterator[bytes]:
        """Yield an object's bytes."""
        with calling(f"Reading {key}"):
            body: Any = self._s3.get_object(Bucket=self.place.bucket, Key=key)["Body"]
            yield from body.iter_chunks(_READ)

    def days(self, group: str) -> Iterator[date]:
        """Yield the days of a group that have a manifest."""
        prefix = self.place.group_prefix(group)
        with calling(f"Listing the archived days of {group}"):
            pages = self._s3.get_paginator("list_objects_v2").paginate(
                Bucket=self.place.bucket, Prefix=prefix
            )
            for page in pages:
                keys = (item["Key"].removeprefix(prefix) for item in page.get("Contents", ()))
                yield from (
                    date.fromisoformat(key.split("/")[0]) for key in keys if key.endswith("/manifest.json")
                )


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


def _absent(error: ClientError) -> bool:
    return error.response.get("Error", {}).get("Code") in _ABSENT
