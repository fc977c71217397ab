"""Whether one can go back to a recorded release."""

from collections.abc import Iterator

import pytest
from moto import mock_aws
from release_samples import record
from support.refusals import refusing

from pipeline.aws.access import AwsAccess
from pipeline.release.model import ReleaseRecord
from pipeline.release.store import why_unusable

MANIFEST = (
    '{"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json", '
    '"config": {"digest": "sha256:1"}, "layers": []}'
)


@pytest.fixture
def access() -> Iterator[AwsAccess]:
    """AWS without a network, with a repository of one image."""
    with mock_aws():
        found = AwsAccess("af-south-1", access_key_id="usable-release", secret_access_key="x")
        found.client("ecr").create_repository(repositoryName="pay")
        found.client("ecr").put_image(repositoryName="pay", imageManifest=MANIFEST, imageTag="1")
        yield found


@pytest.fixture
def release(access: AwsAccess) -> ReleaseRecord:
    """A release of which everything is there."""
    containers = [{"name": "app", "image": "pay:1", "memory": 64}]
    ecs = access.client("ecs")
    made = ecs.register_task_definition(family="pay", containerDefinitions=containers)["taskDefinition"]
    (image,) = access.client("ecr").describe_images(repositoryName="pay")["imageDetails"]
    return record(1, task_definition=made["taskDefinitionArn"], image_digest=image["imageDigest"])


def test_a_release_that_is_whole_can_be_returned_to(access: AwsAccess, release: ReleaseRecord) -> None:
    """Nothing speaks against it."""
    assert why_unusable(access, "pay", release) is None


def test_what_is_gone_is_named(access: AwsAccess, release: ReleaseRecord) -> None:
    """First the image, then the task definition too."""
    access.client("ecr").batch_delete_image(
        repositoryName="pay", imageIds=[{"imageDigest": release.image_digest}]
    )
    assert why_unusable(access, "pay", release) == "its image is gone from the registry"
    access.client("ecs").deregister_task_definition(taskDefinition=release.task_definition)
    assert why_unusable(access, "pay", release) == "its task definition is inactive"


@pytest.mark.parametrize(
    ("service", "operation", "code", "told"),
    [
        ("ecs", "DescribeTaskDefinition", "ServerException", "cannot be read"),
        ("ecr", "DescribeImages", "ServerException", "cannot be looked up"),
        ("ecr", "DescribeImages", "RepositoryNotFoundException", "Run deploy-infrastructure"),
    ],
)
def test_what_cannot_be_asked_is_not_taken_for_good(
    access: AwsAccess, release: ReleaseRecord, service: str, operation: str, code: str, told: str
) -> None:
    """Nobody is sent back to a release of which nothing is known."""
    with refusing(access.client(service), operation, code):
        assert told in str(why_unusable(access, "pay", release))
