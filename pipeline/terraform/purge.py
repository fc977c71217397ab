"""Empties buckets and repositories before they are destroyed, for a limited time; a repetition goes on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from botocore.exceptions import ClientError

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import calling, code_of
from pipeline.errors import PipelineError
from pipeline.terraform.document import Action, PlanDocument

Kind = Literal["aws_s3_bucket", "aws_ecr_repository"]
_KINDS: tuple[Kind, ...] = ("aws_s3_bucket", "aws_ecr_repository")


@dataclass(frozen=True)
class NonEmptyStore:
    """A bucket or repository that a plan destroys."""

    address: str
    kind: Kind
    name: str
    """Name of the bucket or repository."""


def containers(document: PlanDocument) -> tuple[NonEmptyStore, ...]:
    """Return what the plan deletes and AWS deletes only when it is empty.

    The plan knows it from the state, so nothing else is ever named.
    """
    return tuple(
        NonEmptyStore(change.address, kind, change.identity)
        for kind in _KINDS
        for change in document.changes
        if change.type == kind and change.managed and change.action is Action.DELETE and change.identity
    )


_COUNTED = 10_000
_VERSIONS_PER_CALL, _IMAGES_PER_CALL = 1000, 100
_SHOWN = 3
_GONE = frozenset({"NoSuchBucket", "RepositoryNotFoundException"})


@dataclass(frozen=True)
class PurgeResult:
    """A container, and how many object versions or images were in it."""

    container: NonEmptyStore
    count: int


def count_contents(access: AwsAccess, container: NonEmptyStore, most: int = _COUNTED) -> int:
    """Count object versions (with delete markers) or images, up to ``most``.

    Raises:
        AwsError: they could not be listed.
    """
    return sum(1 for _ in islice(_contents(access, container), most))


def purge(access: AwsAccess, container: NonEmptyStore, in_time: Callable[[], bool]) -> PurgeResult:
    """Remove every object version or image while ``in_time`` says so.

    Raises:
        PipelineError: the time is over, or AWS keeps something; run it again to go on.
        AwsError: a call failed.
    """
    removed, kept = 0, ["not looked at yet"]
    size = _VERSIONS_PER_CALL if container.kind == "aws_s3_bucket" else _IMAGES_PER_CALL
    while kept:
        before, kept = removed, []
        for batch in _batched(_contents(access, container), size):
            if not in_time():
                raise _unfinished(
                    container, f"after {removed} removals the time is over", "Run destroy again"
                )
            failures = _remove(access, container, batch)
            removed, kept = removed + len(batch) - len(failures), kept + failures
        if kept and removed == before:
            shown = f"AWS keeps {len(kept)} of it ({'; '.join(kept[:_SHOWN])})"
            raise _unfinished(container, shown, "Remove what holds them, and run destroy again")
    return PurgeResult(container, removed)


def _batched(items: Iterator[dict[str, str]], size: int) -> Iterator[list[dict[str, str]]]:
    """Yield the items in lists of at most ``size``."""
    while batch := list(islice(items, size)):
        yield batch


def _unfinished(container: NonEmptyStore, why: str, advice: str) -> PipelineError:
    return PipelineError(
        f"{container.name} is not empty: {why}. Nothing was destroyed yet. {advice}: it goes on."
    )


def _contents(access: AwsAccess, container: NonEmptyStore) -> Iterator[dict[str, str]]:
    listing = _versions if container.kind == "aws_s3_bucket" else _images
    with calling(f"Listing what is in {container.name}"):
        yield from listing(access, container.name)


def _versions(access: AwsAccess, bucket: str) -> Iterator[dict[str, str]]:
    s3 = access.client("s3")
    try:
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for item in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                yield {"Key": item["Key"], "VersionId": item["VersionId"]}
    except ClientError as error:
        _pass_when_gone(error)


def _images(access: AwsAccess, repository: str) -> Iterator[dict[str, str]]:
    ecr = access.client("ecr")
    found: dict[str, None] = {}
    try:
        for page in ecr.get_paginator("list_images").paginate(repositoryName=repository):
            found.update(dict.fromkeys(item["imageDigest"] for item in page["imageIds"]))
    except ClientError as error:
        _pass_when_gone(error)
    yield from ({"imageDigest": digest} for digest in found)


def _pass_when_gone(error: ClientError) -> None:
    if code_of(error) not in _GONE:
        raise error


def _remove(access: AwsAccess, container: NonEmptyStore, batch: list[dict[str, str]]) -> list[str]:
    """Remove a batch; return what AWS keeps, and why."""
    remove = _remove_versions if container.kind == "aws_s3_bucket" else _remove_images
    with calling(f"Emptying {container.name}"):
        return remove(access, container.name, batch)


def _remove_versions(access: AwsAccess, bucket: str, batch: list[dict[str, str]]) -> list[str]:
    answer = access.client("s3").delete_objects(
        Bucket=bucket,
        Delete={
            "Objects": [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in batch],
            "Quiet": True,
        },
        BypassGovernanceRetention=True,
    )
    return [f"{item['Key']}: {item['Code']}" for item in answer.get("Errors", ())]


def _remove_images(access: AwsAccess, repository: str, batch: list[dict[str, str]]) -> list[str]:
    """Remove images; members of an index that is listed later stay until the next pass."""
    answer = access.client("ecr").batch_delete_image(
        repositoryName=repository, imageIds=[{"imageDigest": item["imageDigest"]} for item in batch]
    )
    kept = [item for item in answer.get("failures", ()) if item["failureCode"] != "ImageNotFound"]
    return [f"{item['imageId'].get('imageDigest')}: {item['failureCode']}" for item in kept]
