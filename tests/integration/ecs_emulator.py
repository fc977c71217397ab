"""An emulator of ECS that runs real, tiny containers, with a cluster and a registry in it."""

import contextlib
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.errors import ImageNotFound
from support.ministack import ministack
from support.ports import free_port

from pipeline.aws.access import AwsAccess

CLUSTER = "lab"


@dataclass(frozen=True)
class Lab:
    """The emulator with its cluster ``lab`` and one tiny image in its registry."""

    access: AwsAccess
    image: str
    """The image, pinned by digest."""

    @property
    def digest(self) -> str:
        """Digest of the image."""
        return self.image.rpartition("@")[2]

    def register(self, family: str, script: str, image: str | None = None) -> str:
        """Register a definition whose one container runs a shell script; return its ARN."""
        container = {"name": "web", "image": image or self.image, "command": ["/busybox", "sh", "-c", script]}
        answer = self.access.client("ecs").register_task_definition(
            family=family,
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            containerDefinitions=[{**container, "essential": True}],
        )
        return str(answer["taskDefinition"]["taskDefinitionArn"])

    def serve(self, name: str, task_definition: str, *, rolls_back: bool) -> None:
        """Create a service of one task with a circuit breaker."""
        breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": rolls_back}}
        self.access.client("ecs").create_service(
            cluster=CLUSTER,
            serviceName=name,
            taskDefinition=task_definition,
            desiredCount=1,
            launchType="FARGATE",
            deploymentConfiguration=breaker,
        )


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A running emulator; its services and containers end with it."""
    port = free_port()
    with ministack(port) as access:
        access.client("ecs").create_cluster(clusterName=CLUSTER)
        image = _image(access, port, tmp_path_factory.mktemp("image"))
        yield Lab(access, image)
        _stop_services(access.client("ecs"))
        with contextlib.suppress(ImageNotFound):  # nothing ran, so nothing was pulled
            docker.from_env().images.remove(image, force=True)


def _stop_services(ecs: Any) -> None:
    for arn in ecs.list_services(cluster=CLUSTER)["serviceArns"]:
        ecs.delete_service(cluster=CLUSTER, service=arn, force=True)
    for arn in ecs.list_tasks(cluster=CLUSTER)["taskArns"]:
        ecs.stop_task(cluster=CLUSTER, task=arn)


def _image(access: AwsAccess, port: int, folder: Path) -> str:
    """Push an image that holds nothing but a static busybox; return it pinned by digest."""
    access.client("ecr").create_repository(repositoryName="tiny")
    archive = folder / "root.tar"
    with tarfile.open(archive, "w") as tar:
        tar.add(_busybox(folder), "busybox")
    engine = docker.from_env()
    reference = f"localhost:{port}/tiny"
    engine.api.import_image_from_file(str(archive), repository=reference, tag="1")
    try:
        lines = engine.api.push(reference, "1", stream=True, decode=True)
        digests = [line["aux"]["Digest"] for line in lines if "Digest" in line.get("aux", {})]
    finally:
        engine.images.remove(f"{reference}:1", force=True)
    return f"{reference}@{digests[0]}"


def _busybox(folder: Path) -> Path:
    """Find a static busybox, or take it from the distribution's package."""
    command = ["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", "busybox-static"]
    if shutil.which("apt-get") is None or subprocess.run(command, cwd=folder, check=False).returncode:
        pytest.skip("the package busybox-static cannot be downloaded here")
    package = next(folder.glob("*.deb"))
    subprocess.run(["dpkg-deb", "-x", package, folder / "package"], check=True)
    return next(path for path in (folder / "package").rglob("bin/busybox"))
