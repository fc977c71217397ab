"""Cleaning a repository on an emulator, with what ECS says is in use."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from maintenance_emulator import aws  # noqa: F401 - a fixture

from pipeline.aws.access import AwsAccess
from pipeline.ecr.apply import apply_cleanup
from pipeline.ecr.in_use import collect_in_use
from pipeline.ecr.model import CleanupPolicy, ProtectedImages
from pipeline.ecr.plan import plan_cleanup
from pipeline.ecr.registry import read_inventory
from pipeline.outputs import Outputs

LATER = datetime.now(UTC) + timedelta(days=90)
POLICY = CleanupPolicy(keep_newest=1, keep_days=30, keep_tags=("moving",), max_share=1.0)
INDEX = "application/vnd.oci.image.index.v1+json"
PLAIN = "application/vnd.oci.image.manifest.v1+json"
OUTPUTS = Outputs.model_construct(
    environment="test", cluster="c", service="s", task_family="app", repository_name="app", container="app"
)


def _push(ecr: Any, document: dict[str, object], media_type: str, tag: str | None = None) -> str:
    answer = ecr.put_image(
        repositoryName="app",
        imageManifest=json.dumps(document),
        imageManifestMediaType=media_type,
        **({"imageTag": tag} if tag else {}),
    )
    return str(answer["image"]["imageId"]["imageDigest"])


def _push_index(ecr: Any, name: str, tag: str) -> tuple[str, str]:
    child = _push(ecr, {"name": f"{name} child"}, PLAIN)
    return _push(ecr, {"name": name, "manifests": [{"digest": child}]}, INDEX, tag), child


def _deploy(aws: AwsAccess, image: str) -> None:  # noqa: F811 - the fixture's value
    ecs = aws.client("ecs")
    ecs.create_cluster(clusterName="c")
    container = {"name": "app", "image": image, "memory": 64}
    ecs.register_task_definition(family="app", containerDefinitions=[container])
    ecs.create_service(cluster="c", serviceName="s", taskDefinition="app", desiredCount=0)


def test_only_what_nothing_needs_is_deleted(aws: AwsAccess) -> None:  # noqa: F811 - the fixture's value
    """A running image that lost its tag, a recorded release, and indexes with their children stay."""
    ecr = aws.client("ecr")
    ecr.create_repository(repositoryName="app")
    running = _push(ecr, {"name": "running"}, PLAIN, "moving")
    recorded = _push(ecr, {"name": "recorded"}, PLAIN)
    untagged = {_push(ecr, {"name": number}, PLAIN) for number in range(120)}
    old, old_child = _push_index(ecr, "old", "v1")
    kept, kept_child = _push_index(ecr, "kept", "moving")
    _deploy(aws, f"localhost/app@{running}")

    def protect() -> ProtectedImages:
        return collect_in_use(aws, OUTPUTS, releases=[recorded])

    plan = plan_cleanup(read_inventory(aws, "app"), protect(), POLICY, LATER)
    result = apply_cleanup(aws, plan, protect, LATER)
    left = {image.digest for image in read_inventory(aws, "app").images}
    assert left == {running, recorded, kept, kept_child, old, old_child}
    assert (set(result.deleted), result.failures, result.spared) == (untagged, (), ())
