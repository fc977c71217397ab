"""Which release a rollback goes to."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from moto import mock_aws
from prefect.logging import disable_run_logger
from support.live import live_environment
from support.refusals import refusing

from pipeline.aws.access import AwsAccess
from pipeline.ecs.model import Outcome
from pipeline.errors import PipelineError
from pipeline.live import LiveEnvironment
from pipeline.outputs import Outputs
from pipeline.release.model import ReleaseRecord
from tasks.history import find_rollback_path, show_history

OUTPUTS = Outputs.model_construct(
    repository_name="pay", backup_bucket="backups", cluster="pay", service="pay"
)
MANIFEST = (
    '{"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json", '
    '"config": {"digest": "sha256:%d"}, "layers": []}'
)


@pytest.fixture
def live() -> Iterator[LiveEnvironment]:
    """An environment in AWS without a network, with the releases r1, r2 and r3, which runs."""
    with mock_aws(), disable_run_logger():
        access = AwsAccess("af-south-1", access_key_id="rollback-step", secret_access_key="x")
        found = live_environment(access, OUTPUTS)
        access.client("ecr").create_repository(repositoryName="pay")
        access.client("s3").create_bucket(
            Bucket="backups", CreateBucketConfiguration={"LocationConstraint": "af-south-1"}
        )
        for number in (1, 2, 3):
            release(found, number)
        yield found


def release(live: LiveEnvironment, number: int) -> None:
    """Deploy a release whose image and task definition are there."""
    access = live.access
    access.client("ecr").put_image(
        repositoryName="pay", imageManifest=MANIFEST % number, imageTag=f"r{number}"
    )
    (image,) = access.client("ecr").describe_images(
        repositoryName="pay", imageIds=[{"imageTag": f"r{number}"}]
    )["imageDetails"]
    containers = [{"name": "app", "image": f"pay:r{number}", "memory": 64}]
    made = access.client("ecs").register_task_definition(family="pay", containerDefinitions=containers)
    ended = datetime(2025, 3, number, tzinfo=UTC)
    live.releases.append(
        ReleaseRecord(
            release=f"r{number}",
            outcome=Outcome.SUCCEEDED,
            message="",
            kind="deploy",
            task_definition=made["taskDefinition"]["taskDefinitionArn"],
            image=f"pay@{image['imageDigest']}",
            image_digest=image["imageDigest"],
            deployment_id=f"ecs-svc/{number}",
            started_at=ended,
            ended_at=ended,
        )
    )


def present(live: LiveEnvironment) -> str:
    """The task definition of the newest release."""
    return live.releases.newest(1)[0].task_definition


def test_the_release_before_is_chosen(live: LiveEnvironment) -> None:
    """Nothing speaks against it."""
    assert find_rollback_path.fn(live, present(live), None).chosen.release == "r2"


def test_a_look_up_that_fails_ends_no_rollback(live: LiveEnvironment) -> None:
    """ECR does not answer for the first candidate; the next one serves."""
    with refusing(live.access.client("ecr"), "DescribeImages", "ServerException", times=1):
        assert find_rollback_path.fn(live, present(live), None).chosen.release == "r1"


def test_where_no_look_up_succeeds_the_refusal_says_so(live: LiveEnvironment) -> None:
    """Each candidate is named with what kept it from being looked up."""
    ecr = live.access.client("ecr")
    with refusing(ecr, "DescribeImages", "ServerException"), pytest.raises(PipelineError) as caught:
        find_rollback_path.fn(live, present(live), None)
    assert "r2 (its image cannot be looked up" in str(caught.value)
    assert "r1 (its image cannot be looked up" in str(caught.value)


def test_history_says_what_a_rollback_does(live: LiveEnvironment, monkeypatch: pytest.MonkeyPatch) -> None:
    """The row of a release that cannot be looked up says no; the one that a rollback takes says yes."""
    monkeypatch.setattr("tasks.history.show_table", lambda *_, **__: None)
    with refusing(live.access.client("ecr"), "DescribeImages", "ServerException", times=1):
        rows = {row["release"]: row["roll back to"] for row in show_history.fn(live, 3)}
    assert "cannot be looked up" in rows["r3"]
    assert (rows["r2"], rows["r1"]) == ("yes", "yes")
