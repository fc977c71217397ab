"""Streams one object to S3 with a bounded buffer; nothing is visible before it is complete."""

import hashlib
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypedDict

from botocore.exceptions import ClientError

from pipeline.aws.bucket import ABSENT, CONFLICT, ObjectHead, S3Bucket
from pipeline.aws.errors import AwsError, calling, code_of
from pipeline.logs.manifest import ArchiveConflictError

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


class Upload:
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
                begun = self._s3.create_multipart_upload(**self._where, ContentType=_TYPE)
                self._upload_id = begun["UploadId"]
            answer = self._s3.upload_part(
                **self._where, UploadId=self._upload_id, PartNumber=number, Body=data
            )
        self._parts.append({"PartNumber": number, "ETag": answer["ETag"]})
