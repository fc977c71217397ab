"""A receiver, its Prefect server and a GitHub for each module."""

from collections.abc import Iterator

import pytest
from webhook_support.world import World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Everything started, with stand-in deployments and a GitHub."""
    made = World(tmp_path_factory.mktemp("webhook"))
    try:
        made.start_server()
        for name in ("local", "staging", "production"):
            made.add_deployment(name)
        made.start_receiver()
        yield made
    finally:
        made.stop(made.receiver)
        made.stop(made.server)
        made.github.close()
