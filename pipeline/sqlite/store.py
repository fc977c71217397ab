"""The backup bucket: objects, and multipart uploads of others."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from pipeline.aws import AwsError, calling, explain, read_object
from pipeline.sqlite import layout
from pipeline.sqlite.errors import OtherRunError
from pipeline.sqlite.model import Backup
from pipeline.sqlite.site import Site

_READ_TRIES = 3
_MISSING = {"NoSuchKey", "404", "NotFound", "NoSuchUpload"}


@dataclass(frozen=True)
class Upload:
    """A multipart upload that is neither completed nor aborted."""

    key: str
    id: str


class Store:
    """The backup bucket of one environment. Raises ``AwsError`` where S3 refuses or cannot be reached."""

    def __init__(self, site: Site) -> None:
        self._s3 = site.access.client("s3")
        self.bucket = site.outputs.backup_bucket
        self.environment = site.outputs.environment

    def backups(self) -> tuple[Backup, ...]:
        """Return the committed backups, newest first."""
        return layout.committed(self.keys(layout.prefix(self.environment)))

    def keys(self, prefix: str) -> dict[str, datetime]:
        """Return the keys below ``prefix`` with the time they were written."""
        with calling(f"Listing s3://{self.bucket}/{prefix}"):
            pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
            return {item["Key"]: item["LastModified"] for page in pages for item in page.get("Contents", [])}

    def read(self, key: str) -> dict[str, Any] | None:
        """Return a JSON object, or None where there is none."""
        try:
            body = read_object(self._s3, Bucket=self.bucket, Key=key)["Body"]
        except (ClientError, BotoCoreError) as error:
            failure = explain(f"Reading s3://{self.bucket}/{key}", error)
            if failure.code in _MISSING:
                return None
            raise failure from error
        document: dict[str, Any] = json.loads(body)
        return document

    def write(self, key: str, body: bytes, *, once: bool = False) -> None:
        """Write a JSON object; with ``once`` only where there is none.

        Raises:
            OtherRunError: ``once``, and the object exists.
        """
        condition = {"IfNoneMatch": "*"} if once else {}
        try:
            self._s3.put_object(
                Bucket=self.bucket, Key=key, Body=body, ContentType="application/json", **condition
            )
        except (ClientError, BotoCoreError) as error:
            failure = explain(f"Writing s3://{self.bucket}/{key}", error)
            if once and failure.code in {"PreconditionFailed", "ConditionalRequestConflict"}:
                raise OtherRunError(f"s3://{self.bucket}/{key} was written by another run.") from error
            raise failure from error

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects, in this order; one that is not there is fine."""
        for key in keys:
            with calling(f"Deleting s3://{self.bucket}/{key}"):
                self._s3.delete_object(Bucket=self.bucket, Key=key)

    def size(self, key: str) -> int | None:
        """Return an object's bytes, or None where there is none."""
        try:
            return int(self._s3.head_object(Bucket=self.bucket, Key=key)["ContentLength"])
        except (ClientError, BotoCoreError) as error:
            failure = explain(f"Looking for s3://{self.bucket}/{key}", error)
            if failure.code in _MISSING:
                return None
            raise failure from error

    def sha256(self, key: str) -> str:
        """Read the whole object and return its digest."""
        for attempt in range(_READ_TRIES):
            try:
                return self._sha256(key)
            except AwsError:
                if attempt == _READ_TRIES - 1:
                    raise
        raise AssertionError  # the loop returns or raises

    def _sha256(self, key: str) -> str:
        digest = hashlib.sha256()
        with calling(f"Reading s3://{self.bucket}/{key} back"):
            body = self._s3.get_object(Bucket=self.bucket, Key=key)["Body"]
            for block in body.iter_chunks(1 << 20):
                digest.update(block)
        return digest.hexdigest()

    def uploads(self, prefix: str) -> tuple[Upload, ...]:
        """Return the unfinished multipart uploads of keys below ``prefix``."""
        with calling(f"Listing the uploads to s3://{self.bucket}/{prefix}"):
            pages = self._s3.get_paginator("list_multipart_uploads").paginate(
                Bucket=self.bucket, Prefix=prefix
            )
            return tuple(
                Upload(item["Key"], item["UploadId"]) for page in pages for item in page.get("Uploads", [])
            )

    def create_upload(self, key: str) -> Upload:
        """Begin a multipart upload."""
        with calling(f"Beginning an upload to s3://{self.bucket}/{key}"):
            answer = self._s3.create_multipart_upload(
                Bucket=self.bucket, Key=key, ContentType="application/octet-stream"
            )
        return Upload(key, answer["UploadId"])

    def parts(self, upload: Upload) -> dict[int, int]:
        """Return the sizes of the parts that S3 has, by number."""
        with calling(f"Listing the parts of s3://{self.bucket}/{upload.key}"):
            pages = self._s3.get_paginator("list_parts").paginate(
                Bucket=self.bucket, Key=upload.key, UploadId=upload.id
            )
            return {part["PartNumber"]: part["Size"] for page in pages for part in page.get("Parts", [])}

    def complete(self, upload: Upload, etags: dict[int, str]) -> str:
        """Make the parts one object and return its ETag; S3 refuses ETags that are not its own."""
        parts = [{"PartNumber": number, "ETag": etag} for number, etag in sorted(etags.items())]
        with calling(f"Completing the upload to s3://{self.bucket}/{upload.key}"):
            answer = self._s3.complete_multipart_upload(
                Bucket=self.bucket, Key=upload.key, UploadId=upload.id, MultipartUpload={"Parts": parts}
            )
        return str(answer.get("ETag", "")).strip('"')

    def abort(self, uploads: Iterable[Upload]) -> None:
        """Throw parts away; an upload that is gone is fine."""
        for upload in uploads:
            try:
                self._s3.abort_multipart_upload(Bucket=self.bucket, Key=upload.key, UploadId=upload.id)
            except (ClientError, BotoCoreError) as error:
                failure = explain(f"Aborting the upload to s3://{self.bucket}/{upload.key}", error)
                if failure.code not in _MISSING:
                    raise failure from error
