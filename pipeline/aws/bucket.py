"""Documents in one S3 bucket: read, written once, replaced if unchanged, listed and deleted."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError
from tenacity import (
    retry,
    retry_if_exception,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential_jitter,
)
from urllib3.exceptions import ProtocolError

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import AwsError, calling, code_of
from pipeline.errors import PipelineError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.literals import ServerSideEncryptionType
    from mypy_boto3_s3.type_defs import PutObjectRequestTypeDef

ABSENT = frozenset({"NoSuchKey", "NoSuchVersion", "NotFound", "404"})
"""Error codes of an object that is not there; HeadObject answers a bare status."""
CONFLICT = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})
"""Error codes of a conditional write that somebody else's was faster than."""


@dataclass(frozen=True)
class StoredObject:
    """One version of an object."""

    bucket: str
    key: str
    body: bytes = field(repr=False)
    version_id: str
    """"null" where the bucket is not versioned."""
    etag: str
    modified: datetime
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def sha256(self) -> str:
        """Digest of the content, in hex."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True)
class ObjectHead:
    """An object as it lies there now, without its content."""

    etag: str
    size: int


class ConflictError(PipelineError):
    """An object of somebody else is in the way of a conditional write; nothing was written."""

    def __init__(self, message: str, found: StoredObject | None = None) -> None:
        self.found = found
        """The object that is there; None where another write is under way, or removed it."""
        super().__init__(message)


class S3Bucket:
    """One bucket. Raises ``AwsError`` where S3 refuses or cannot be reached."""

    def __init__(
        self,
        access: AwsAccess,
        name: str,
        content_type: str = "application/json",
        encryption: "ServerSideEncryptionType | None" = None,
    ) -> None:
        self.name = name
        self.client = access.client("s3")
        self._content_type, self._encryption = content_type, encryption

    def read(self, key: str, version_id: str | None = None) -> StoredObject | None:
        """Return an object that fits into memory, or None where there is none."""
        version = {"VersionId": version_id} if version_id and version_id != "null" else {}
        with calling(f"Reading s3://{self.name}/{key}"):
            try:
                answer = read_object(self.client, Bucket=self.name, Key=key, **version)
            except ClientError as error:
                if code_of(error) in ABSENT:
                    return None
                raise
        return StoredObject(
            bucket=self.name,
            key=key,
            body=answer["Body"],
            version_id=str(answer.get("VersionId", "null")),
            etag=answer["ETag"],
            modified=answer["LastModified"],
            metadata=dict(answer.get("Metadata", {})),
        )

    def head(self, key: str) -> ObjectHead | None:
        """Return an object's ETag and bytes, or None where there is none."""
        with calling(f"Looking at s3://{self.name}/{key}"):
            try:
                answer = self.client.head_object(Bucket=self.name, Key=key)
            except ClientError as error:
                if code_of(error) in ABSENT:
                    return None
                raise
        return ObjectHead(answer["ETag"], answer["ContentLength"])

    def chunks(self, key: str, size: int = 1 << 16) -> Iterator[bytes]:
        """Yield an object's bytes, ``size`` at a time."""
        with calling(f"Reading s3://{self.name}/{key}"):
            yield from self.client.get_object(Bucket=self.name, Key=key)["Body"].iter_chunks(size)

    @retry(retry=retry_if_exception_type(AwsError), stop=stop_after_attempt(3), reraise=True)
    def sha256(self, key: str) -> str:
        """Read the whole object and return its digest, in hex."""
        digest = hashlib.sha256()
        for block in self.chunks(key, 1 << 20):
            digest.update(block)
        return digest.hexdigest()

    @retry(retry=retry_if_exception_type(AwsError), stop=stop_after_attempt(3), reraise=True)
    def download(self, key: str, target: Path) -> None:
        """Write an object of any size to a file."""
        with target.open("wb") as file:
            file.writelines(self.chunks(key, 1 << 20))

    def upload(self, source: Path, key: str) -> None:
        """Make an object of a file of any size."""
        with calling(f"Uploading to s3://{self.name}/{key}"), source.open("rb") as file:
            self.client.upload_fileobj(
                file, self.name, key, ExtraArgs={"ContentType": "application/octet-stream"}
            )

    def write(self, key: str, body: bytes, metadata: Mapping[str, str] | None = None) -> str:
        """Write an object, whatever was there, and return its version id."""
        return self._put(self._request(key, body, metadata))

    def write_once(self, key: str, body: bytes, metadata: Mapping[str, str] | None = None) -> str:
        """Write an object where there is none, and return its version id; the same content may be there.

        Raises:
            ConflictError: there is another one.
        """
        return self._put_unless(self._request(key, body, metadata) | {"IfNoneMatch": "*"})

    def replace(self, key: str, body: bytes, before: StoredObject | None) -> str:
        """Write over exactly the version that was read before (None: nothing), and return the new one's id.

        Raises:
            ConflictError: somebody wrote in between.
        """
        if before is None:
            return self.write_once(key, body)
        return self._put_unless(self._request(key, body) | {"IfMatch": before.etag})

    def keys(self, prefix: str) -> dict[str, datetime]:
        """Return the keys below ``prefix`` in their order, with the time they were written."""
        with calling(f"Listing s3://{self.name}/{prefix}"):
            pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
            found = {item["Key"]: item["LastModified"] for page in pages for item in page.get("Contents", ())}
        return dict(sorted(found.items()))

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is fine. In a versioned bucket its versions stay."""
        with calling(f"Removing s3://{self.name}/{key}"):
            self.client.delete_object(Bucket=self.name, Key=key)

    def _request(
        self, key: str, body: bytes, metadata: Mapping[str, str] | None = None
    ) -> "PutObjectRequestTypeDef":
        request: PutObjectRequestTypeDef = {
            "Bucket": self.name,
            "Key": key,
            "Body": body,
            "ContentType": self._content_type,
        }
        if metadata:
            request["Metadata"] = metadata
        if self._encryption:
            request["ServerSideEncryption"] = self._encryption
        return request

    def _put(self, request: "PutObjectRequestTypeDef") -> str:
        with calling(f"Writing s3://{self.name}/{request['Key']}"):
            answer = self.client.put_object(**request)
        return answer.get("VersionId", "null")

    @retry(
        retry=retry_if_exception(lambda error: isinstance(error, ConflictError) and error.found is None),
        wait=wait_exponential_jitter(multiplier=0.1, max=2),
        stop=stop_after_attempt(4),
        reraise=True,
    )
    def _put_unless(self, request: "PutObjectRequestTypeDef") -> str:
        """Write on a condition; a write that boto3 repeats after a lost answer meets its own object.

        Where a conflict shows no object another write is under way: S3 asks to try again (PutObject, 409).
        """
        try:
            return self._put(request)
        except AwsError as error:
            if error.code not in CONFLICT | ABSENT:
                raise
            found = self.read(request["Key"])
            if found is not None and found.body == request["Body"]:
                return found.version_id
            where = f"s3://{self.name}/{request['Key']}"
            message = f"{where} was written by somebody else meanwhile. Nothing was done."
            raise ConflictError(message, found) from error


@retry(
    retry=retry_if_exception_type((HTTPClientError, IncompleteReadError)),
    wait=wait_exponential_jitter(multiplier=0.1, max=2),
    stop=stop_after_attempt(5),
    reraise=True,
)
def read_object(s3: "S3Client", **request: Any) -> dict[str, Any]:
    """Return GetObject's answer with its ``Body`` as bytes. botocore repeats no answer that breaks off.

    Raises:
        ClientError, BotoCoreError: it could not be read, also not when asked again.
    """
    try:
        answer = s3.get_object(**request)
    except ProtocolError as error:  # of an error's answer that breaks off; botocore lets it through
        raise HTTPClientError(error=error) from error
    return {**answer, "Body": answer["Body"].read()}
