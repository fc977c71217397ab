"""Keeps in S3 which migrations ran for which release: ``releases/ENV/schema/TIME-REVISION.json``."""

from collections.abc import Callable
from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError

from pipeline.aws import AwsAccess, explain, read_object
from pipeline.release.model import SchemaChange
from pipeline.release.store import RecordError

_TIME = "%Y%m%dT%H%M%S.%fZ"


class SchemaLog:
    """The changes of one environment's database schema."""

    def __init__(self, access: AwsAccess, bucket: str, environment: str) -> None:
        self._s3 = access.client("s3")
        self._bucket = bucket
        self._prefix = f"releases/{environment}/schema/"

    def write(self, change: SchemaChange) -> str:
        """Write a change down, or again what became of it; return its key."""
        key = f"{self._prefix}{_stamp(change.at)}-{_revision(change.task_definition)}.json"
        body = change.model_dump_json(indent=2).encode()
        try:
            self._s3.put_object(Bucket=self._bucket, Key=key, Body=body, ContentType="application/json")
        except (ClientError, BotoCoreError) as error:
            raise explain(f"Writing down the migrations as {key}", error) from error
        return key

    def since(self, moment: datetime) -> list[SchemaChange]:
        """Return the changes after that moment, newest first.

        Raises:
            RecordError: one is damaged.
            AwsError: they cannot be read.
        """
        return self._chosen(lambda stamp, _: stamp > _stamp(moment))

    def of(self, task_definition: str) -> list[SchemaChange]:
        """Return the changes that were made for that task definition, newest first. Raises as ``since``."""
        return self._chosen(lambda _, revision: revision == _revision(task_definition))

    def _chosen(self, wanted: Callable[[str, str], bool]) -> list[SchemaChange]:
        try:
            keys = sorted((key for key in self._keys() if wanted(*self._name(key))), reverse=True)
            return [SchemaChange.model_validate_json(self._read(key)) for key in keys]
        except (ClientError, BotoCoreError) as error:
            raise explain(f"Reading which migrations ran, in {self._bucket}", error) from error
        except ValueError as error:
            raise RecordError(
                f"A note of migrations in s3://{self._bucket}/{self._prefix} is damaged: {error}"
            ) from error

    def _name(self, key: str) -> tuple[str, str]:
        stamp, _, revision = key.removeprefix(self._prefix).removesuffix(".json").partition("-")
        return stamp, revision

    def _keys(self) -> list[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def _read(self, key: str) -> bytes:
        return bytes(read_object(self._s3, Bucket=self._bucket, Key=key)["Body"])


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(_TIME)


def _revision(task_definition: str) -> str:
    return task_definition.rsplit("/", 1)[-1].replace(":", "-")
