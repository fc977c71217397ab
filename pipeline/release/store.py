"""Keeps release records and the open attempt in S3, with conditional writes."""

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel

from pipeline.aws import AwsAccess, explain, read_object
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
            self._put(key, record, IfNoneMatch="*")
        except ClientError as error:
            if _code(error) not in ("PreconditionFailed", "ConditionalRequestConflict"):
                raise explain(f"Writing release record {key}", error) from error
        except BotoCoreError as error:
            raise explain(f"Writing release record {key}", error) from error
        return key

    def newest(self, limit: int = _PAGE) -> list[ReleaseRecord]:
        """Return the newest records, newest first."""
        try:
            keys = sorted(self._keys(), reverse=True)[:limit]
            return [ReleaseRecord.model_validate_json(self._read(key)) for key in keys]
        except (ClientError, BotoCoreError) as error:
            raise explain(f"Reading the release records in {self._bucket}", error) from error
        except ValueError as error:
            raise RecordError(
                f"A release record in s3://{self._bucket}/{self._prefix} is damaged: {error}"
            ) from error

    def open_attempt(self) -> OpenAttempt | None:
        """Return the rollout whose end is not recorded yet.

        Raises:
            RecordError: it is damaged.
            AwsError: it cannot be read.
        """
        try:
            return OpenAttempt.model_validate_json(self._read(self._open_key))
        except ClientError as error:
            if _code(error) in ("NoSuchKey", "404"):
                return None
            raise explain(f"Reading {self._open_key}", error) from error
        except BotoCoreError as error:
            raise explain(f"Reading {self._open_key}", error) from error
        except ValueError as error:
            raise RecordError(
                f"s3://{self._bucket}/{self._open_key} is damaged: nobody knows which rollout is under way. "
                f"Look at the service, then remove the object and run again: {error}"
            ) from error

    def write_open_attempt(self, attempt: OpenAttempt) -> None:
        """Write down that a rollout has begun."""
        try:
            self._put(self._open_key, attempt)
        except (ClientError, BotoCoreError) as error:
            raise explain(f"Writing {self._open_key}", error) from error

    def close_attempt(self) -> None:
        """Forget the open attempt, after its record was written."""
        try:
            self._s3.delete_object(Bucket=self._bucket, Key=self._open_key)
        except (ClientError, BotoCoreError) as error:
            raise explain(f"Removing {self._open_key}", error) from error

    def _keys(self) -> list[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

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


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
