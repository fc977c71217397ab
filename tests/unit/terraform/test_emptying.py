"""What a destruction empties first: what its plan names, all of it, and nothing else."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError
from plan_documents import change, document

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import AwsError
from pipeline.errors import PipelineError
from pipeline.terraform.document import parse_plan
from pipeline.terraform.purge import NonEmptyStore, containers, count_contents, purge

BUCKET = NonEmptyStore("aws_s3_bucket.b", "aws_s3_bucket", "b")
REPOSITORY = NonEmptyStore("aws_ecr_repository.r", "aws_ecr_repository", "r")


@dataclass
class FakeAws:
    """A bucket and a repository that enforce AWS's limits; stands for the access and both clients."""

    versions: list[str] = field(default_factory=list)
    markers: list[str] = field(default_factory=list)
    images: dict[str, set[str]] = field(default_factory=dict)
    """Members by digest: a member goes only after every index that has it."""
    held: set[str] = field(default_factory=set)
    gone: bool = False
    refuses: bool = False
    exceptions: Any = field(default_factory=lambda: SimpleNamespace(ClientError=ClientError))

    def client(self, _service: str) -> "FakeAws":
        """Every service is this one."""
        return self

    def get_paginator(self, name: str) -> "FakeAws":
        """Pages of this listing."""
        self.listing = name
        return self

    def paginate(self, **_: str) -> list[dict[str, Any]]:
        """Everything there is."""
        if self.refuses:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, self.listing)
        if self.gone:
            code = "NoSuchBucket" if self.listing == "list_object_versions" else "RepositoryNotFoundException"
            raise ClientError({"Error": {"Code": code, "Message": ""}}, self.listing)
        if self.listing == "list_images":
            return [{"imageIds": [{"imageDigest": digest, "imageTag": "t"} for digest in self.images]}]
        return [
            {"Versions": [{"Key": key, "VersionId": "1"} for key in self.versions]},
            {"DeleteMarkers": [{"Key": key, "VersionId": "2"} for key in self.markers]},
        ]

    def delete_objects(self, Delete: dict[str, Any], **_: Any) -> dict[str, Any]:  # noqa: N803 - as boto3 has it
        """At most 1,000; what is held stays."""
        keys = [item["Key"] for item in Delete["Objects"]]
        assert len(keys) <= 1000
        self.versions = [key for key in self.versions if key not in keys or key in self.held]
        self.markers = [key for key in self.markers if key not in keys or key in self.held]
        return {"Errors": [{"Key": key, "Code": "AccessDenied"} for key in keys if key in self.held]}

    def batch_delete_image(self, imageIds: list[dict[str, str]], **_: Any) -> dict[str, Any]:  # noqa: N803 - as boto3 has it
        """At most 100; members of an index stay."""
        assert len(imageIds) <= 100
        failures = []
        for image in imageIds:
            digest = image["imageDigest"]
            if any(digest in members for members in self.images.values()):
                failures.append({"imageId": image, "failureCode": "ImageReferencedByManifestList"})
            else:
                self.images.pop(digest, None)
        return {"failures": failures}

    @property
    def access(self) -> AwsAccess:
        """What the engine is given."""
        return cast("AwsAccess", self)


def in_time() -> bool:
    """There is always time."""
    return True


def test_only_what_the_plan_deletes_is_named() -> None:
    """A bucket that stays, is replaced or is only read is never emptied."""
    plan = parse_plan(
        document(
            change("aws_s3_bucket.goes", ["delete"], before={"id": "goes"}),
            change("aws_s3_bucket.stays", ["update"], before={"id": "stays"}),
            change("aws_s3_bucket.replaced", ["delete", "create"], before={"id": "replaced"}),
            change("aws_s3_bucket.read", ["delete"], before={"id": "read"}, mode="data"),
            change("aws_ecr_repository.goes", ["delete"], before={"id": "images"}),
            change("aws_lb.goes", ["delete"], before={"id": "arn"}),
        )
    )
    assert [(item.kind, item.name) for item in containers(plan)] == [
        ("aws_s3_bucket", "goes"),
        ("aws_ecr_repository", "images"),
    ]


def test_every_version_and_marker_goes() -> None:
    """More than one call's worth; counted as they go."""
    aws = FakeAws([f"k{number}" for number in range(2500)], ["m1", "m2"])
    assert count_contents(aws.access, BUCKET) == 2502
    assert count_contents(aws.access, BUCKET, most=10) == 10
    assert purge(aws.access, BUCKET, in_time).count == 2502
    assert (aws.versions, aws.markers) == ([], [])


def test_members_of_an_index_go_after_it() -> None:
    """The members are listed before the index, which is beyond the first call."""
    members = {f"m{number}" for number in range(150)}
    aws = FakeAws(images={**{name: set() for name in sorted(members)}, "index": members})
    assert purge(aws.access, REPOSITORY, in_time).count == 151
    assert aws.images == {}


def test_what_aws_keeps_is_told() -> None:
    """The rest is gone, and the error names what is held and what to do."""
    aws = FakeAws(["a", "b", "held"], held={"held"})
    with pytest.raises(PipelineError, match=r"AWS keeps 1 of it \(held: AccessDenied\).*run destroy again"):
        purge(aws.access, BUCKET, in_time)
    assert aws.versions == ["held"]


def test_it_ends_in_time_and_goes_on_when_repeated() -> None:
    """A first run removes one batch; the second the rest."""
    aws = FakeAws([f"k{number}" for number in range(1500)])
    moments = iter([True, False])
    with pytest.raises(PipelineError, match="after 1000 removals the time is over"):
        purge(aws.access, BUCKET, lambda: next(moments))
    assert purge(aws.access, BUCKET, in_time).count == 500


@pytest.mark.parametrize("container", [BUCKET, REPOSITORY])
def test_what_is_gone_is_empty(container: NonEmptyStore) -> None:
    """An interrupted run may have destroyed it already."""
    assert purge(FakeAws(gone=True).access, container, in_time).count == 0


@pytest.mark.parametrize("container", [BUCKET, REPOSITORY])
def test_what_cannot_be_listed_is_not_taken_for_empty(container: NonEmptyStore) -> None:
    """A destruction must not go on to a bucket whose content nobody saw."""
    with pytest.raises(AwsError, match="AccessDenied"):
        purge(FakeAws(refuses=True).access, container, in_time)
