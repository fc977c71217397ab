"""Containers of the platform as Fargate starts them: a read-only root, the image's user, root's /tmp."""

import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
import httpx
import pytest
from docker.models.containers import Container
from platform_support import answers, until

from deployments.paths import PROJECT

pytestmark = [pytest.mark.nightly, pytest.mark.docker, pytest.mark.timeout(600)]
SERVICES = (PROJECT / "terraform/platform/services.tf").read_text(encoding="utf-8")


def declared() -> tuple[str, dict[str, str]]:
    """Return the path of the writable volume, and the variables that Terraform gives every container."""
    scratch = re.findall(r'^ +scratch = "(.+)"$', SERVICES, re.MULTILINE)[0]
    block = re.findall(r"^  writable = \{\n(.*?)^  \}", SERVICES, re.MULTILINE | re.DOTALL)[0]
    pairs = re.findall(r'^ +(\w+) += (?:"(.+?)"|(local\.scratch))', block, re.MULTILINE)
    return scratch, {
        name: (text or "${local.scratch}").replace("${local.scratch}", scratch) for name, text, _ in pairs
    }


@contextmanager
def started(image: str, *command: str, **variables: str) -> Iterator[Container]:
    """Run a command in the image; the volume gets what the image has at its path, as on Fargate."""
    scratch, writable = declared()
    client = docker.from_env(timeout=600)
    volume = client.volumes.create()
    with tempfile.TemporaryDirectory() as roots:
        Path(roots).chmod(0o755)
        container = client.containers.run(
            image,
            list(command),
            environment={**writable, "PREFECT_SERVER_ANALYTICS_ENABLED": "false", **variables},
            user="10002:10002",
            read_only=True,
            volumes={volume.name: {"bind": scratch}, roots: {"bind": "/tmp"}},  # noqa: S108 - under test
            cap_drop=["ALL"],
            detach=True,
        )
        try:
            yield container
        finally:
            container.remove(force=True, v=True)
            volume.remove(force=True)


def test_the_server_serves_its_interface(pipeline_image: str) -> None:
    """Approvals are given there; without a place to write Prefect would serve the API alone."""
    command = ("prefect", "server", "start", "--host", "0.0.0.0", "--port", "4200", "--no-services")  # noqa: S104 - inside a container
    with started(pipeline_image, *command) as server:
        server.reload()
        network = next(iter(server.attrs["NetworkSettings"]["Networks"].values()))
        url = f"http://{network['IPAddress']}:4200"
        until(lambda: answers(f"{url}/api/ready"), 300)
        page = httpx.get(url, follow_redirects=True, trust_env=False)
        assert page.is_success
        assert '<div id="app">' in page.text or "<script" in page.text
        assert "not be available" not in server.logs().decode()


def test_the_background_services_start(pipeline_image: str) -> None:
    """Scheduler and automations write their process id into PREFECT_HOME before anything else."""
    command = ["sh", "-c", "prefect server database upgrade --yes && exec prefect server services start"]
    with started(pipeline_image, *command) as services:

        def started_up() -> bool:
            services.reload()
            assert services.status == "running", services.logs().decode()[-2000:]
            return "Starting services" in services.logs().decode()

        until(started_up, 120)
        time.sleep(10)
        assert started_up()
        assert "Traceback" not in services.logs().decode()


def test_the_volume_is_the_users(pipeline_image: str) -> None:
    """The path is one that the image declares as a volume, and nothing else can be written."""
    scratch, writable = declared()
    image = docker.from_env().images.get(pipeline_image)
    assert scratch in image.attrs["Config"]["Volumes"]
    assert all(Path(value).is_relative_to(scratch) for value in writable.values())
    with started(
        pipeline_image, "sh", "-c", f"touch {scratch}/it && ! touch /tmp/it && ! touch /it"
    ) as shell:
        assert shell.wait()["StatusCode"] == 0, shell.logs().decode()
