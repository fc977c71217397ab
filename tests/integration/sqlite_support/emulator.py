"""A MiniStack of the tests' own, and a cluster whose tasks have a folder of ours as data volume."""

import os
import secrets
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from deployments.base_image import ensure_base_image
from pipeline.aws import AwsAccess
from pipeline.outputs import Outputs
from pipeline.sqlite import Site

_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
PORT = int(os.environ.get("SQLITE_TEST_PORT", "4650")) + _WORKER
"""Each worker of a parallel run has an emulator of its own."""
_REGION = "af-south-1"


@contextmanager
def emulator() -> Iterator[AwsAccess]:
    """Run MiniStack on ``PORT`` until the end of the block."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [Path(sys.executable).with_name("ministack")],
            env={
                **os.environ,
                "GATEWAY_PORT": str(PORT),
                "MINISTACK_REGION": _REGION,
                "LOG_LEVEL": "WARNING",
            },
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _ready(process)
            yield AwsAccess(_REGION, f"http://localhost:{PORT}", "test", "test")
        finally:
            process.terminate()
            process.wait(20)


def _ready(process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, f"MiniStack ended with {process.returncode}; is port {PORT} free?"
        try:
            urllib.request.urlopen(f"http://localhost:{PORT}/_ministack/health", timeout=2).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("MiniStack did not get ready")


@cache
def _image() -> str:
    """Return an image that has Python and nothing of ours."""
    return ensure_base_image(report=lambda _: None)


def make_site(access: AwsAccess, data: Path) -> Site:
    """Build a bucket, a cluster and a task definition that mounts ``data`` at /data."""
    name = f"sqlite-{secrets.token_hex(3)}"
    access.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": _REGION})
    ecs = access.client("ecs")
    ecs.create_cluster(clusterName=name)
    definition = ecs.register_task_definition(
        family=name,
        networkMode="bridge",
        containerDefinitions=[
            {
                "name": "app",
                "image": _image(),
                "essential": True,
                "memory": 256,
                "command": ["sleep", "600"],
                "mountPoints": [{"sourceVolume": "data", "containerPath": "/data"}],
            }
        ],
        volumes=[{"name": "data", "host": {"sourcePath": str(data)}}],
    )["taskDefinition"]["taskDefinitionArn"]
    outputs = Outputs(
        app="vimbiso-pay",
        environment="test",
        region=_REGION,
        account_id="000000000000",
        cluster=name,
        service="app",
        task_family=name,
        task_definition_arn=definition,
        container="app",
        container_port=8000,
        repository_name=name,
        repository_url=name,
        target_group_arns=(),
        load_balancer_arn="",
        load_balancer_dns="",
        url="http://localhost",
        log_group="/none",
        secret_arn="",
        backup_bucket=name,
        log_archive_bucket=name,
        data_path="/data",
        database_path="/data/db.sqlite3",
        subnet_ids=(),
        security_group_ids=(),
        execution_role_arn="",
        task_role_arn="",
        metrics_namespace="Vimbiso/test",
    )
    return Site(access, outputs, f"http://host.docker.internal:{PORT}")


def keys(site: Site) -> list[str]:
    """Return every key in the bucket."""
    answer = site.access.client("s3").list_objects_v2(Bucket=site.outputs.backup_bucket)
    return sorted(item["Key"] for item in answer.get("Contents", []))


def uploads(site: Site) -> list[str]:
    """Return the keys of unfinished uploads."""
    answer = site.access.client("s3").list_multipart_uploads(Bucket=site.outputs.backup_bucket)
    return [item["Key"] for item in answer.get("Uploads", [])]
