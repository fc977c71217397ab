"""Keeps release records and the open attempt in S3, with conditional writes."""

from typing import Any

from pydantic import BaseModel

from pipeline.aws import AwsAccess, AwsError, calling, read_object
from pipeline.errors import PipelineError
from pipeline.release.model import OpenAttempt, ReleaseRecord

_PAGE = 50


class RecordError(PipelineError):
    """A record could not be written or read."""


class ReleaseStore:
    """The release records of one environment: ``releases/ENV/records/TIME-DEPLOYMENT.json``."""

    def __init__(self, access: AwsAccess, bucket: str, environment: str) -> None:
        self._s3 = access.client("s3")
        self._bucket = bucket
        self._prefix = f"releases/{environment}/records/"
        self._open_key = f"releases/{environment}/open-attempt.json"

    def append(self, record: ReleaseRecord) -> str:
        """Write a record once; writing the same one again changes nothing. Return its key."""
        stamp = record.started_at.strftime("%Y%m%dT%H%M%S.%fZ")
        key = f"{self._prefix}{stamp}-{record.kind}-{record.deployment_id.rsplit('/', 1)[-1]}.json"
        try:
            with calling(f"Writing release record {key}"):
                self._put(key, record, IfNoneMatch="*")
        except AwsError as error:
            if error.code not in ("PreconditionFailed", "ConditionalRequestConflict"):
                raise
        return key

    def newest(self, limit: int = _PAGE) -> list[ReleaseRecord]:
        """Return the newest records, newest first."""
        with calling(f"Listing the release records in {self._bucket}"):
            keys = sorted(self._keys(), reverse=True)[:limit]
        return [self._record(key) for key in keys]

    def newest_good(self, limit: int = _PAGE) -> list[ReleaseRecord]:
        """Return the newest records of good ends, newest first, however many failures lie between."""
        found: list[ReleaseRecord] = []
        with calling(f"Listing the release records in {self._bucket}"):
            keys = sorted(self._keys(), reverse=True)
        for key in keys:
            record = self._record(key)
            if record.outcome.good:
                found.append(record)
            if len(found) == limit:
                break
        return found

    def open_attempt(self) -> OpenAttempt | None:
        """Return the rollout whose end is not recorded yet.

        Raises:
            RecordError: it is damaged.
            AwsError: it cannot be read.
        """
        try:
            with calling(f"Reading {self._open_key}"):
                body = self._read(self._open_key)
        except AwsError as error:
            if error.code in ("NoSuchKey", "404"):
                return None
            raise
        try:
            return OpenAttempt.model_validate_json(body)
        except ValueError as error:
            raise RecordError(
                f"s3://{self._bucket}/{self._open_key} is damaged: nobody knows which rollout is under way. "
                f"Look at the service, then remove the object and run again: {error}"
            ) from error

    def write_open_attempt(self, attempt: OpenAttempt) -> None:
        """Write down that a rollout has begun."""
        with calling(f"Writing {self._open_key}"):
            self._put(self._open_key, attempt)

    def close_attempt(self) -> None:
        """Forget the open attempt, after its record was written."""
        with calling(f"Removing {self._open_key}"):
            self._s3.delete_object(Bucket=self._bucket, Key=self._open_key)

    def _keys(self) -> list[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def _record(self, key: str) -> ReleaseRecord:
        with calling(f"Reading the release record {key}"):
            body = self._read(key)
        try:
            return ReleaseRecord.model_validate_json(body)
        except ValueError as error:
            raise RecordError(f"The release record s3://{self._bucket}/{key} is damaged: {error}") from error

    def _read(self, key: str) -> bytes:
        return bytes(read_object(self._s3, Bucket=self._bucket, Key=key)["Body"])

    def _put(self, key: str, document: BaseModel, **condition: Any) -> None:
        self._s3.put_object(
            Bucket=self._bucket,
            Key=key,
            Body=document.model_dump_json(indent=2).encode(),
            ContentType="application/json",
            **condition,
        )
