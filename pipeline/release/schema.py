"""Keeps in S3 which migrations ran for which release: ``releases/ENV/schema/TIME-REVISION.json``."""

from collections.abc import Callable
from datetime import UTC, datetime

from pipeline.aws.access import AwsAccess
from pipeline.aws.bucket import S3Bucket
from pipeline.release.model import SchemaChange
from pipeline.release.store import RecordError, document

_TIME = "%Y%m%dT%H%M%S.%fZ"


class SchemaLog:
    """The changes of one environment's database schema."""

    def __init__(self, access: AwsAccess, bucket: str, environment: str) -> None:
        self._bucket = S3Bucket(access, bucket)
        self._prefix = f"releases/{environment}/schema/"

    def write(self, change: SchemaChange) -> str:
        """Write a change down, or again what became of it; return its key."""
        key = f"{self._prefix}{_stamp(change.at)}-{_revision(change.task_definition)}.json"
        self._bucket.write(key, document(change))
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
        keys = [key for key in self._bucket.keys(self._prefix) if wanted(*self._name(key))]
        return [self._change(key) for key in reversed(keys)]

    def _change(self, key: str) -> SchemaChange:
        stored = self._bucket.read(key)
        try:
            return SchemaChange.model_validate_json(stored.body if stored else b"")
        except ValueError as error:
            raise RecordError(
                f"The note of migrations s3://{self._bucket.name}/{key} is damaged: {error}"
            ) from error

    def _name(self, key: str) -> tuple[str, str]:
        stamp, _, revision = key.removeprefix(self._prefix).removesuffix(".json").partition("-")
        return stamp, revision


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(_TIME)


def _revision(task_definition: str) -> str:
    return task_definition.rsplit("/", 1)[-1].replace(":", "-")
