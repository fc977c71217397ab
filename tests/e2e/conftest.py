"""A stack of its own for the end-to-end tests: own state folder, own ports."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from stack_commands import Stack

from deployments.stack import Settings

PORTS = {"VIMBISO_AWS_PORT": "4630", "VIMBISO_PREFECT_PORT": "4631", "VIMBISO_WEBHOOK_PORT": "4632"}


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that is down at first; down and gone in the end."""
    state: Path = tmp_path_factory.mktemp("stack") / "state"
    made = Stack(Settings(state, 4630, 4631, 4632), {**os.environ, **PORTS, "VIMBISO_STATE": str(state)})
    yield made
    done = made.run("clean")
    assert done.returncode == 0, done.stderr
