"""A receiver, its Prefect server and a GitHub for each module."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from webhook_support.world import ENVIRONMENTS, World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, prefect_home: Callable[[Path], Path]) -> Iterator[World]:
    """Everything started, with stand-in deployments and a GitHub."""
    folder = tmp_path_factory.mktemp("webhook")
    prefect_home(folder / "prefect")
    made = World(folder)
    try:
        made.start_server()
        for name in ENVIRONMENTS:
            made.add_deployment(name)
        made.start_receiver()
        yield made
    finally:
        made.stop(made.receiver)
        made.stop(made.server)
        made.github.close()
