"""The stacks of the end-to-end tests, each with its own state folder and ports."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.client.orchestration import SyncPrefectClient
from stack_commands import Stack, free_ports
from support.application import SAMPLE, Application
from support.house import House
from support.images import remove_images

from deployments.base_image import ensure_base_image
from deployments.setup.paths import PROJECT
from deployments.stack import Settings, child_environment

PORTS = ("VIMBISO_AWS_PORT", "VIMBISO_PREFECT_PORT", "VIMBISO_WEBHOOK_PORT")
SET_UP = ("bootstrap-state", "deploy-infrastructure", "sync-secrets", "deploy-application")


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that is down at first; down and gone in the end."""
    state: Path = tmp_path_factory.mktemp("stack") / "state"
    ports = free_ports(4630)
    named = {name: str(port) for name, port in zip(PORTS, ports, strict=True)}
    made = Stack(Settings(state, *ports), {**os.environ, **named, "VIMBISO_STATE": str(state)})
    yield made
    done = made.run("clean")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A stack on which flow runs have built the infrastructure and deployed the first release."""
    folder: Path = tmp_path_factory.mktemp("house")
    application = Application(folder / "source")
    application.copy()
    made = _house_stack(folder, application)
    try:
        made.up()
        with SyncPrefectClient(f"{made.settings.prefect_url}/api") as client:
            house = House(made, application, client)
            house.register()
            house.use_own_key()
            for flow in SET_UP:
                house.complete(flow)
            yield house
    finally:
        done = made.run("clean")
        remove_images(made.settings.aws_port)
        assert done.returncode == 0, done.stderr


def _house_stack(folder: Path, application: Application) -> Stack:
    """A stack whose local environment takes the application from the copy."""
    text = (PROJECT / "deployments/environments.toml").read_text(encoding="utf-8")
    sample = str(SAMPLE.relative_to(PROJECT))
    assert sample in text
    described = folder / "environments.toml"
    described.write_text(text.replace(sample, str(application.folder)), encoding="utf-8")
    settings = Settings(folder / "state", *free_ports(4680))
    variables = child_environment(settings) | {
        "VIMBISO_ENVIRONMENTS": str(described),
        "BASE_IMAGE": ensure_base_image(),
    }
    return Stack(settings, variables)
