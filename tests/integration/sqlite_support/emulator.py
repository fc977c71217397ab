"""A MiniStack of the tests' own, and a cluster whose tasks have a folder of ours as data volume."""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from support.live import live_environment
from support.ministack import REGION, ministack
from support.ports import free_port

from deployments.local.base_image import ensure_base_image
from pipeline.aws.access import AwsAccess
from pipeline.ecs.service import EcsService
from pipeline.live import LiveEnvironment
from pipeline.outputs import Outputs

PORT = free_port()
"""Each process of a parallel run has an emulator of its own."""
_BUCKETS = ("backup_bucket", "log_archive_bucket")
_NAMED = ("cluster", "task_family", "repository_name", "repository_url", *_BUCKETS)
_EMPTY = ("load_balancer_arn", "load_balancer_dns", "secret_arn", "execution_role_arn", "task_role_arn")


@contextmanager
def emulator() -> Iterator[AwsAccess]:
    """Run MiniStack on ``PORT`` until the end of the block."""
    with ministack(PORT) as access:
        yield access


@cache
def _image() -> str:
    """Return an image that has Python and nothing of ours."""
    return ensure_base_image(report=lambda _: None)


def make_live(access: AwsAccess, data: Path) -> LiveEnvironment:
    """Build a bucket, a cluster and a task definition that mounts ``data`` at /data."""
    name = f"sqlite-{secrets.token_hex(3)}"
    access.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    access.client("ecs").create_cluster(clusterName=name)
    outputs = _outputs(name, _task_definition(access, name, data))
    return live_environment(access, outputs, task_endpoint_url=f"http://host.docker.internal:{PORT}")


@contextmanager
def serve(live: LiveEnvironment, count: int = 1) -> Iterator[None]:
    """Run a service of so many idle tasks; no container of it is left."""
    ecs, outputs = live.access.client("ecs"), live.outputs
    ecs.create_service(
        cluster=outputs.cluster,
        serviceName=outputs.service,
        taskDefinition=outputs.task_definition_arn,
        desiredCount=count,
        launchType="FARGATE",
    )
    service = live.service
    try:
        _settled(service)
        yield
    finally:
        ecs.delete_service(cluster=outputs.cluster, service=outputs.service, force=True)


def _settled(service: EcsService) -> None:
    """Wait until its first deployment has completed."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        primary = service.require().primary
        if primary is not None and primary.rollout_state == "COMPLETED":
            return
        time.sleep(0.2)
    raise AssertionError("the service did not settle")


def _task_definition(access: AwsAccess, name: str, data: Path) -> str:
    container = {
        "name": "app",
        "image": _image(),
        "essential": True,
        "memory": 256,
        "stopTimeout": 5,
        # The container's first process ignores signals that it does not handle.
        "command": ["python3", "-c", "import signal; signal.signal(15, lambda *_: exit()); signal.pause()"],
        "mountPoints": [{"sourceVolume": "data", "containerPath": "/data"}],
    }
    answer = access.client("ecs").register_task_definition(
        family=name,
        networkMode="bridge",
        containerDefinitions=[container],
        volumes=[{"name": "data", "host": {"sourcePath": str(data)}}],
    )
    return str(answer["taskDefinition"]["taskDefinitionArn"])


def _outputs(name: str, definition: str) -> Outputs:
    """Return what Terraform would: of the network there is nothing."""
    return Outputs.model_validate(
        {
            **dict.fromkeys(_NAMED, name),
            **dict.fromkeys(_EMPTY, ""),
            **dict.fromkeys(("target_group_arns", "subnet_ids", "security_group_ids"), ()),
            "app": "vimbiso-pay",
            "environment": "test",
            "region": REGION,
            "account_id": "000000000000",
            "service": "app",
            "auto_scaling": False,
            "task_definition_arn": definition,
            "container": "app",
            "container_port": 8000,
            "url": "http://localhost",
            "log_group": "/none",
            "data_path": "/data",
            "databases": ["/data/db.sqlite3"],
            "metrics_namespace": "Vimbiso/test",
        }
    )


def keys(live: LiveEnvironment) -> list[str]:
    """Return every key in the bucket."""
    answer = live.access.client("s3").list_objects_v2(Bucket=live.outputs.backup_bucket)
    return sorted(item["Key"] for item in answer.get("Contents", []))


def uploads(live: LiveEnvironment) -> list[str]:
    """Return the keys of unfinished uploads."""
    answer = live.access.client("s3").list_multipart_uploads(Bucket=live.outputs.backup_bucket)
    return [item["Key"] for item in answer.get("Uploads", [])]
