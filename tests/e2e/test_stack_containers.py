"""The containers of the emulated ECS come and go with the stack."""

import io
import os
import re
import signal
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from stack_commands import Stack, until

from deployments.local.stack.settle import containers

pytestmark = [pytest.mark.stack, pytest.mark.docker, pytest.mark.timeout(400)]
IMAGE = "vimbiso-e2e-sleep:latest"


@pytest.fixture
def image() -> Iterator[str]:
    """An image that holds this machine's ``sleep`` and its libraries; made without any registry."""
    client = docker.from_env()
    client.api.import_image_from_data(_archive("/bin/sleep"), repository=IMAGE.split(":")[0], tag="latest")
    yield IMAGE
    client.images.remove(IMAGE, force=True)


def test_services_run_again_and_nothing_stays(stack: Stack, image: str) -> None:
    """Tasks run again after a restart and after kill -9 of the emulator; down removes their containers."""
    pids = stack.up()
    _service(stack, image)
    try:
        until(lambda: _running(stack) == 1)
        (first,) = containers(stack.settings)

        assert stack.run("down").returncode == 0
        assert containers(stack.settings) == []

        pids = stack.up()
        assert _running(stack) == 1
        until(lambda: (stack.settings.state / "aws/services/ecs.json").exists())

        os.kill(pids["aws"], signal.SIGKILL)
        pids = stack.up()
        assert _running(stack) == 1
        assert first not in containers(stack.settings)

        os.kill(pids["aws"], signal.SIGKILL)
        assert len(containers(stack.settings)) == 1
        assert stack.run("down").returncode == 0
        assert containers(stack.settings) == []
    finally:
        stack.run("clean")


def _service(stack: Stack, image: str) -> None:
    ecs = stack.client("ecs")
    ecs.create_cluster(clusterName="e2e")
    definition = ecs.register_task_definition(
        family="e2e",
        containerDefinitions=[
            {"name": "sleep", "image": image, "command": ["/bin/sleep", "600"], "memory": 32}
        ],
    )["taskDefinition"]["taskDefinitionArn"]
    ecs.create_service(cluster="e2e", serviceName="sleeper", taskDefinition=definition, desiredCount=1)


def _running(stack: Stack) -> int:
    client = docker.from_env()
    states = [client.containers.get(identity).status for identity in containers(stack.settings)]
    return states.count("running")


def _archive(program: str) -> bytes:
    """Pack the program with the libraries that ldd names, each under the path that the loader looks at."""
    listing = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path in [program, *re.findall(r"(/\S+) \(0x", listing)]:
            information = tarfile.TarInfo(path.lstrip("/"))
            content = Path(path).read_bytes()
            information.size, information.mode = len(content), 0o755
            archive.addfile(information, io.BytesIO(content))
    return buffer.getvalue()
