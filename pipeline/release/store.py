"""Keeps release records and the rollout under way in S3, with conditional writes."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import TypeVar

from pydantic import BaseModel, TypeAdapter

from pipeline.aws.access import AwsAccess
from pipeline.aws.bucket import ConflictError, S3Bucket
from pipeline.aws.errors import AwsError
from pipeline.ecs.model import revision_name
from pipeline.ecs.registry import TaskDefinitions
from pipeline.errors import PipelineError
from pipeline.image.registry import find_image
from pipeline.image.request import RegistryError
from pipeline.release.model import ReleaseRecord, Rollout, SchemaChange
from pipeline.stored import read_stored

Model = TypeVar("Model", bound=BaseModel)
_RECORD, _ROLLOUT, _CHANGE = TypeAdapter(ReleaseRecord), TypeAdapter(Rollout), TypeAdapter(SchemaChange)


def why_unusable(access: AwsAccess, repository: str, record: ReleaseRecord) -> str | None:
    """Return why the service cannot be moved to a release any more, or None where it can."""
    try:
        if not TaskDefinitions(access).is_active(record.task_definition):
            return "its task definition is inactive"
    except AwsError as error:
        return f"its task definition cannot be read: {error}"
    try:
        if find_image(access, repository, record.image_digest) is None:
            return "its image is gone from the registry"
    except (AwsError, RegistryError) as error:
        return f"its image cannot be looked up: {error}"
    return None


_PAGE = 50


class RecordError(PipelineError):
    """A record could not be written or read."""


class ReleaseStore:
    """The release records of one environment: ``releases/ENV/records/TIME-DEPLOYMENT.json``."""

    def __init__(self, access: AwsAccess, bucket: str, environment: str) -> None:
        self._bucket = S3Bucket(access, bucket)
        self._prefix = f"releases/{environment}/records/"
        self._open_key = f"releases/{environment}/open-attempt.json"

    def append(self, record: ReleaseRecord) -> str:
        """Write a record once; what was written first under its key stays. Return the key."""
        stamp = record.started_at.strftime("%Y%m%dT%H%M%S.%fZ")
        key = f"{self._prefix}{stamp}-{record.kind}-{record.deployment_id.rsplit('/', 1)[-1]}.json"
        try:
            self._bucket.write_once(key, document(record))
        except ConflictError as error:
            if error.found is None:
                raise
        return key

    def newest(self, limit: int = _PAGE) -> list[ReleaseRecord]:
        """Return the newest records, newest first."""
        return list(self.latest(limit))

    def latest(self, limit: int = _PAGE) -> Iterator[ReleaseRecord]:
        """Yield the newest records, newest first, each read when it is asked for."""
        return islice(self._records(), limit)

    def newest_good(self, limit: int = _PAGE) -> list[ReleaseRecord]:
        """Return the newest records of good ends, newest first, however many failures lie between."""
        return [record for record in self.back_to_good(limit) if record.outcome.good]

    def back_to_good(self, limit: int = _PAGE) -> list[ReleaseRecord]:
        """Return the newest records, newest first, until so many good ones are among them."""
        found: list[ReleaseRecord] = []
        good = 0
        for record in self._records():
            found.append(record)
            good += record.outcome.good
            if good == limit:
                break
        return found

    def open_rollout(self) -> Rollout | None:
        """Return the rollout whose end is not recorded yet.

        Raises:
            RecordError: it is damaged.
            AwsError: it cannot be read.
        """
        stored = self._bucket.read(self._open_key)
        if stored is None:
            return None
        return read_stored(
            _ROLLOUT,
            stored.body,
            f"The note of the rollout s3://{self._bucket.name}/{self._open_key}",
            RecordError,
            "Look at the service, then remove the object and run again.",
        )

    def write_open_rollout(self, rollout: Rollout) -> None:
        """Write down that a rollout has begun."""
        self._bucket.write(self._open_key, document(rollout))

    def close_rollout(self) -> None:
        """Forget the rollout under way, after its record was written."""
        self._bucket.delete(self._open_key)

    def _records(self) -> Iterator[ReleaseRecord]:
        """Yield the records, newest first."""
        return (
            _read(self._bucket, key, _RECORD, "release record")
            for key in reversed(self._bucket.keys(self._prefix))
        )


def _read(bucket: S3Bucket, key: str, kind: TypeAdapter[Model], what: str) -> Model:
    stored = bucket.read(key)
    return read_stored(
        kind,
        stored.body if stored else b"",
        f"The {what} s3://{bucket.name}/{key}",
        RecordError,
        "Bring an earlier version of the object back, or move it aside.",
    )


def document(model: BaseModel) -> bytes:
    """Return what a record is in S3."""
    return model.model_dump_json(indent=2).encode()


class BillStore:
    """Bills of materials of the images of one environment: ``releases/ENV/bills/DIGEST.json``."""

    def __init__(self, access: AwsAccess, bucket: str, environment: str) -> None:
        self._bucket = S3Bucket(access, bucket, content_type="application/vnd.cyclonedx+json")
        self._prefix = f"releases/{environment}/bills/"

    def find(self, digest: str) -> str:
        """Return the key of an image's bill; "" where there is none."""
        key = self._key(digest)
        return key if self._bucket.head(key) else ""

    def write(self, digest: str, bill: bytes) -> str:
        """Keep an image's bill and return its key."""
        key = self._key(digest)
        self._bucket.write(key, bill)
        return key

    def remove(self, digests: Iterable[str]) -> None:
        """Remove the bills of images that are gone."""
        there = self._bucket.keys(self._prefix)
        for key in map(self._key, digests):
            if key in there:
                self._bucket.delete(key)

    def _key(self, digest: str) -> str:
        return f"{self._prefix}{digest.removeprefix('sha256:')}.json"


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

    def _chosen(self, requested: Callable[[str, str], bool]) -> list[SchemaChange]:
        keys = [key for key in self._bucket.keys(self._prefix) if requested(*self._name(key))]
        return [_read(self._bucket, key, _CHANGE, "note of migrations") for key in reversed(keys)]

    def _name(self, key: str) -> tuple[str, str]:
        stamp, _, revision = key.removeprefix(self._prefix).removesuffix(".json").partition("-")
        return stamp, revision


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(_TIME)


def _revision(task_definition: str) -> str:
    return revision_name(task_definition).replace(":", "-")
