"""A Prefect server with authentication, an emulated AWS and the pipeline's own image."""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest
from platform_support import Platform, answers, until
from support.ports import free_port
from support.settings import stack_settings

from deployments.local.pipeline_image import build_pipeline_image, terraform_image
from deployments.local.stack.emulator import find_bridge
from deployments.paths import PROJECT

TESTS = str(PROJECT / "tests")


@pytest.fixture(scope="session")
def pipeline_image() -> str:
    """The pipeline's own image of this checkout, with this machine's Terraform."""
    client = docker.from_env(timeout=600)
    return build_pipeline_image(client, "vimbiso/pipeline:test", terraform=terraform_image(client)).image


@pytest.fixture(scope="module")
def platform(
    tmp_path_factory: pytest.TempPathFactory, prefect_home: Callable[[Path], Path]
) -> Iterator[Platform]:
    """Emulator and server, running."""
    folder = tmp_path_factory.mktemp("platform")
    prefect_home(folder / "prefect")
    bridge = find_bridge()
    assert bridge is not None, "the engine names no network for containers"
    settings = stack_settings(folder / "state", free_port(), free_port(), free_port())
    auth = f"operator:{secrets.token_urlsafe(24)}"
    made = Platform(folder, bridge.address, settings, auth)
    serve = ("deployments", "stack", "server", "--host", bridge.address, "--port", str(settings.prefect_port))
    ministack = {"GATEWAY_PORT": str(settings.aws_port), "MINISTACK_REGION": "af-south-1"}
    with (
        made.process("aws", "support.open_emulator", PYTHONPATH=TESTS, **ministack),
        made.process("server", *serve, PREFECT_SERVER_API_AUTH_STRING=auth),
    ):
        until(lambda: answers(f"{settings.aws_url}/_ministack/health"), 240)
        until(lambda: answers(f"{made.api}/health"), 400)
        yield made
