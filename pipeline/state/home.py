"""Where the state of one environment is, and reading and writing objects beside it."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from pipeline.aws import AwsAccess, calling, read_object
from pipeline.environment import Environment
from pipeline.state.calls import code_of
from pipeline.state.errors import StateChangedError
from pipeline.terraform.backend import BackendConfig, backend_config

_NOT_THERE = frozenset({"NoSuchKey", "404", "NotFound", "NoSuchVersion"})
_CONDITION_FAILED = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})


@dataclass(frozen=True)
class Stored:
    """One version of an object in the state bucket."""

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
class StateHome:
    """The state bucket and lock table of one environment."""

    access: AwsAccess
    backend: BackendConfig
    environment: str

    def read(self, key: str, version_id: str | None = None) -> Stored | None:
        """Read an object, or None when it is not there."""
        version = {"VersionId": version_id} if version_id and version_id != "null" else {}
        bucket = self.backend.bucket
        with calling(f"Reading s3://{bucket}/{key}"):
            try:
                answer = read_object(self._s3(), Bucket=bucket, Key=key, **version)
            except ClientError as error:
                if code_of(error) in _NOT_THERE:
                    return None
                raise
            return _stored(bucket, key, answer)

    def write_new(self, key: str, body: bytes, metadata: Mapping[str, str] | None = None) -> str:
        """Write an object that must not exist yet, and return its version id.

        Raises:
            StateChangedError: there is one already.
        """
        return self._put(key, body, metadata, IfNoneMatch="*")

    def replace(self, key: str, body: bytes, before: Stored | None) -> str:
        """Write over exactly the version that was read before (None: nothing was there).

        Raises:
            StateChangedError: somebody wrote in between.
        """
        condition = {"IfMatch": before.etag} if before else {"IfNoneMatch": "*"}
        return self._put(key, body, None, **condition)

    def write(self, key: str, body: bytes) -> str:
        """Write an object, whatever was there."""
        return self._put(key, body, None)

    def remove(self, key: str) -> None:
        """Remove an object; in a versioned bucket its versions stay."""
        with calling(f"Removing s3://{self.backend.bucket}/{key}"):
            self._s3().delete_object(Bucket=self.backend.bucket, Key=key)

    def keys(self, prefix: str) -> tuple[str, ...]:
        """List the keys below a prefix, in order."""
        with calling(f"Listing s3://{self.backend.bucket}/{prefix}"):
            pages = (
                self._s3()
                .get_paginator("list_objects_v2")
                .paginate(Bucket=self.backend.bucket, Prefix=prefix)
            )
            return tuple(sorted(item["Key"] for page in pages for item in page.get("Contents", [])))

    def versions(self, key: str) -> Iterator[tuple[str, datetime]]:
        """Yield version id and time of every version of an object, newest first."""
        with calling(f"Listing the versions of s3://{self.backend.bucket}/{key}"):
            pages = (
                self._s3()
                .get_paginator("list_object_versions")
                .paginate(Bucket=self.backend.bucket, Prefix=key)
            )
            found = [item for page in pages for item in page.get("Versions", []) if item["Key"] == key]
        for item in sorted(found, key=lambda item: item["LastModified"], reverse=True):
            yield str(item["VersionId"]), item["LastModified"]

    def _put(self, key: str, body: bytes, metadata: Mapping[str, str] | None, **condition: Any) -> str:
        bucket = self.backend.bucket
        with calling(f"Writing s3://{bucket}/{key}"):
            try:
                answer = self._s3().put_object(
                    Bucket=bucket,
                    Key=key,
                    Body=body,
                    Metadata=dict(metadata or {}),
                    ServerSideEncryption="AES256",
                    **condition,
                )
            except ClientError as error:
                if code_of(error) in _CONDITION_FAILED:
                    raise StateChangedError(
                        f"s3://{bucket}/{key} was written by somebody else meanwhile. Nothing was done."
                    ) from error
                raise
        return str(answer.get("VersionId", "null"))

    def _s3(self) -> Any:
        return self.access.client("s3")


def home_of(access: AwsAccess, environment: Environment) -> StateHome:
    """Return where the environment's state is."""
    return StateHome(access, backend_config(environment), environment.name)


def _stored(bucket: str, key: str, answer: Mapping[str, Any]) -> Stored:
    return Stored(
        bucket=bucket,
        key=key,
        body=answer["Body"],
        version_id=str(answer.get("VersionId", "null")),
        etag=str(answer["ETag"]),
        modified=answer["LastModified"],
        metadata=dict(answer.get("Metadata", {})),
    )
