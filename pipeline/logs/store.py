"""The archive's objects in S3."""

import hashlib
import zlib
from collections.abc import Iterator
from datetime import date
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypedDict

from botocore.exceptions import ClientError
from pydantic import ValidationError

from pipeline.aws.access import AwsAccess
from pipeline.aws.bucket import ABSENT, CONFLICT, ObjectHead, S3Bucket
from pipeline.aws.errors import AwsError, calling, code_of
from pipeline.logs.cloudwatch import GZIP
from pipeline.logs.manifest import ArchiveConflictError, ArchiveDamagedError, ArchiveLocation, DayManifest

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef


PART_BYTES = 8 * 1024 * 1024
_TYPE = "application/gzip"


class _Where(TypedDict):
    Bucket: str
    Key: str


class _Condition(TypedDict, total=False):
    IfMatch: str
    IfNoneMatch: str


class ObjectUpload:
    """An object on its way. Leaving the context without ``complete`` leaves nothing behind.

    It is written over ``present``, or where there is none: somebody else's object is never overwritten.
    """

    def __init__(self, bucket: S3Bucket, key: str, present: ObjectHead | None, part_bytes: int) -> None:
        self._bucket, self._key, self._s3 = bucket, key, bucket.client
        self._where: _Where = {"Bucket": bucket.name, "Key": key}
        self._condition: _Condition = {"IfMatch": present.etag} if present else {"IfNoneMatch": "*"}
        self._name = f"s3://{bucket.name}/{key}"
        self._part_bytes = part_bytes
        self._buffer = bytearray()
        self._written = hashlib.sha256()
        self._upload_id: str | None = None
        self._parts: list[CompletedPartTypeDef] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._upload_id is not None:
            with calling(f"Giving up the upload of {self._name}"):
                try:
                    self._s3.abort_multipart_upload(**self._where, UploadId=self._upload_id)
                except ClientError as failure:
                    if code_of(failure) != "NoSuchUpload":
                        raise

    def write(self, data: bytes) -> None:
        """Take bytes; send whole parts."""
        self._written.update(data)
        self._buffer += data
        while len(self._buffer) >= self._part_bytes:
            self._send(bytes(self._buffer[: self._part_bytes]))
            del self._buffer[: self._part_bytes]

    def complete(self) -> None:
        """Make the object visible.

        Raises:
            ArchiveConflictError: somebody else wrote the object since the condition was taken.
            AwsError: S3 refused or could not be reached.
        """
        try:
            with calling(f"Completing {self._name}"):
                self._put() if self._upload_id is None else self._join(self._upload_id)
        except AwsError as error:
            if error.code not in CONFLICT | ABSENT | {"NoSuchUpload"}:
                raise
            if not self._is_there():
                raise ArchiveConflictError(
                    f"{self._name} was written by another run meanwhile; this one wrote nothing. Run again."
                ) from error

    def _is_there(self) -> bool:
        """Whether our own content is there: boto3 repeats a completion whose answer was lost."""
        if self._bucket.head(self._key) is None:
            return False
        found = hashlib.sha256()
        for chunk in self._bucket.chunks(self._key):
            found.update(chunk)
        return found.digest() == self._written.digest()

    def _put(self) -> None:
        body = bytes(self._buffer)
        self._s3.put_object(**self._where, Body=body, ContentType=_TYPE, **self._condition)

    def _join(self, upload_id: str) -> None:
        if self._buffer:
            self._send(bytes(self._buffer))
            self._buffer.clear()
        self._s3.complete_multipart_upload(
            **self._where, UploadId=upload_id, MultipartUpload={"Parts": self._parts}, **self._condition
        )
        self._upload_id = None

    def _send(self, data: bytes) -> None:
        number = len(self._parts) + 1
        with calling(f"Uploading part {number} of {self._name}"):
            if self._upload_id is None:
                began = self._s3.create_multipart_upload(**self._where, ContentType=_TYPE)
                self._upload_id = began["UploadId"]
            answer = self._s3.upload_part(
                **self._where, UploadId=self._upload_id, PartNumber=number, Body=data
            )
        self._parts.append({"PartNumber": number, "ETag": answer["ETag"]})


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
        try:
            return DayManifest.model_validate_json(stored.body)
        except ValidationError as error:
            raise ArchiveDamagedError(
                f"s3://{self.place.bucket}/{key} is no manifest. "
                "Bring back its previous version and run again."
            ) from error

    def part(self, group: str, day: date) -> ObjectHead | None:
        """Return the events object's present ETag and size."""
        return self._bucket.head(self.place.part(group, day))

    def upload(self, group: str, day: date, present: ObjectHead | None, part_bytes: int) -> ObjectUpload:
        """Begin to write the events object over the present one, or where there is none."""
        return ObjectUpload(self._bucket, self.place.part(group, day), present, part_bytes)

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
