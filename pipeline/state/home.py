"""The place of one environment's state, and the objects beside it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from pipeline.aws.access import AwsAccess
from pipeline.aws.bucket import ConflictError, S3Bucket, StoredObject
from pipeline.aws.errors import calling
from pipeline.environment.model import Environment
from pipeline.state.model import StateChangedError
from pipeline.terraform.backend import BackendConfig, backend_config


@dataclass(frozen=True)
class StateHome:
    """The state bucket and lock table of one environment."""

    access: AwsAccess
    backend: BackendConfig
    environment: str

    def read(self, key: str, version_id: str | None = None) -> StoredObject | None:
        """Read an object, or None when it is not there."""
        return self._bucket.read(key, version_id)

    def write_new(self, key: str, body: bytes, metadata: Mapping[str, str] | None = None) -> str:
        """Write an object that must not exist yet with other content, and return its version id.

        Raises:
            StateChangedError: there is another one already.
        """
        try:
            return self._bucket.write_once(key, body, metadata)
        except ConflictError as error:
            raise StateChangedError(str(error)) from error

    def replace(self, key: str, body: bytes, before: StoredObject | None) -> str:
        """Write over exactly the version that was read before (None: nothing was there).

        Raises:
            StateChangedError: somebody wrote in between.
        """
        try:
            return self._bucket.replace(key, body, before)
        except ConflictError as error:
            raise StateChangedError(str(error)) from error

    def write(self, key: str, body: bytes) -> str:
        """Write an object, whatever was there."""
        return self._bucket.write(key, body)

    def remove(self, key: str) -> None:
        """Remove an object; in a versioned bucket its versions stay."""
        self._bucket.delete(key)

    def keys(self, prefix: str) -> tuple[str, ...]:
        """List the keys below a prefix, in order."""
        return tuple(self._bucket.keys(prefix))

    def versions(self, key: str) -> Iterator[tuple[str, datetime]]:
        """Yield version id and time of every version of an object, newest first."""
        bucket = self._bucket
        with calling(f"Listing the versions of s3://{bucket.name}/{key}"):
            pages = bucket.client.get_paginator("list_object_versions").paginate(
                Bucket=bucket.name, Prefix=key
            )
            found = [item for page in pages for item in page.get("Versions", []) if item["Key"] == key]
        for item in sorted(found, key=lambda item: item["LastModified"], reverse=True):
            yield item["VersionId"], item["LastModified"]

    @property
    def _bucket(self) -> S3Bucket:
        return S3Bucket(self.access, self.backend.bucket, "binary/octet-stream", "AES256")


def home_of(access: AwsAccess, environment: Environment) -> StateHome:
    """Return where the environment's state is."""
    return StateHome(access, backend_config(environment), environment.name)
