"""The stacks of the end-to-end tests, each with its own state folder and ports."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from stack_commands import Stack, free_ports
from support.house import House
from support.standing import standing_house

from deployments.stack import Settings

HOUSE, ELSEWHERE = "house", "elsewhere"
PORTS = ("VIMBISO_AWS_PORT", "VIMBISO_PREFECT_PORT", "VIMBISO_WEBHOOK_PORT")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let two processes share the tests: one all that need the house, in their order, the other the rest."""
    for item in items:
        needs: list[str] = getattr(item, "fixturenames", [])
        item.add_marker(pytest.mark.xdist_group(HOUSE if "house" in needs else ELSEWHERE))


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
    with standing_house(tmp_path_factory.mktemp("house"), free_ports(4680)) as made:
        yield made
