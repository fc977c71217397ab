"""Streams one object to S3 with a bounded buffer; nothing is visible before it is complete."""

from types import TracebackType
from typing import Any, Self

from botocore.exceptions import BotoCoreError, ClientError

from pipeline.aws import explain
from pipeline.aws.calling import calling
from pipeline.logs.errors import ArchiveConflictError

PART_BYTES = 8 * 1024 * 1024
_LOST_RACE = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}


class Upload:
    """An object on its way. Leaving the context without ``complete`` leaves nothing behind.

    ``condition`` is IfNoneMatch or IfMatch of PutObject: somebody else's object is never overwritten.
    """

    def __init__(self, s3: Any, bucket: str, key: str, condition: dict[str, str], part_bytes: int) -> None:
        self._s3 = s3
        self._where = {"Bucket": bucket, "Key": key}
        self._name = f"s3://{bucket}/{key}"
        self._condition = condition
        self._part_bytes = part_bytes
        self._buffer = bytearray()
        self._upload_id: str | None = None
        self._parts: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._upload_id is not None:
            with calling(f"Giving up the upload of {self._name}"):
                self._s3.abort_multipart_upload(**self._where, UploadId=self._upload_id)

    def write(self, data: bytes) -> None:
        """Take bytes; send whole parts."""
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
            self._put() if self._upload_id is None else self._join()
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _LOST_RACE:
                raise ArchiveConflictError(
                    f"{self._name} was written by another run meanwhile; this one wrote nothing. Run again."
                ) from error
            raise explain(f"Completing {self._name}", error) from error
        except BotoCoreError as error:
            raise explain(f"Completing {self._name}", error) from error

    def _put(self) -> None:
        self._s3.put_object(
            **self._where, Body=bytes(self._buffer), ContentType="application/gzip", **self._condition
        )

    def _join(self) -> None:
        if self._buffer:
            self._send(bytes(self._buffer))
        self._s3.complete_multipart_upload(
            **self._where,
            UploadId=self._upload_id,
            MultipartUpload={"Parts": self._parts},
            **self._condition,
        )
        self._upload_id = None

    def _send(self, data: bytes) -> None:
        number = len(self._parts) + 1
        with calling(f"Uploading part {number} of {self._name}"):
            if self._upload_id is None:
                answer = self._s3.create_multipart_upload(**self._where, ContentType="application/gzip")
                self._upload_id = answer["UploadId"]
            answer = self._s3.upload_part(
                **self._where, UploadId=self._upload_id, PartNumber=number, Body=data
            )
        self._parts.append({"PartNumber": number, "ETag": answer["ETag"]})
