"""The stacks of the end-to-end tests, each with its own state folder and ports."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from stack_commands import PORTS, Stack, free_ports
from support.house import House
from support.settings import stack_settings
from support.standing import standing_house
from xdist.scheduler import LoadScopeScheduling

OWN_STACKS = ("test_stack_", "test_terraform_")
"""Files of tests that put up stacks of their own."""


class Sharing(LoadScopeScheduling):
    """Shares the tests between processes: one gets all that need the house, in their order.

    Each folder has servers of its own, and goes to whichever process is done first.

    The groups of xdist's own ``loadgroup`` are lost with pytest 9.2, which takes an item's id from elsewhere.
    """

    def _split_scope(self, nodeid: str) -> str:
        path = Path(nodeid.split("::")[0])
        if path.parent.name != "e2e":
            return path.parent.name
        return "own stacks" if path.name.startswith(OWN_STACKS) else "house"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Sharing:
    """Schedule the tests of this folder so."""
    return Sharing(config, log)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that is down at first; down and gone in the end."""
    state: Path = tmp_path_factory.mktemp("stack") / "state"
    ports = free_ports(4630)
    named = {name: str(port) for name, port in zip(PORTS, ports, strict=True)}
    made = Stack(stack_settings(state, *ports), {**os.environ, **named, "VIMBISO_STATE": str(state)})
    yield made
    done = made.run("clean")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A stack on which flow runs have built the infrastructure and deployed the first release."""
    with standing_house(tmp_path_factory.mktemp("house"), free_ports(4680)) as made:
        yield made
