"""One stack that delivers several applications, each from its configuration and a copy of its source."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from delivered import APPLICATIONS, Delivered, delivering, ensure_redis
from stack_commands import free_ports


@pytest.fixture(scope="session")
def delivered(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Delivered]]:
    """Those that are tested, on one stack: infrastructure for each, and nothing deployed."""
    folder: Path = tmp_path_factory.mktemp("applications")
    selected = {
        item.callspec.params.get("name") for item in request.session.items if hasattr(item, "callspec")
    }
    names = [name for name in APPLICATIONS if name in selected]
    with delivering(folder, free_ports(4780), ensure_redis(), names) as places:
        yield places


@pytest.fixture(scope="session")
def stories(delivered: dict[str, Delivered]) -> Iterator[dict[str, "Future[list[str]]"]]:
    """What becomes of each, all at once: they wait more than they work."""
    with ThreadPoolExecutor(len(delivered)) as pool:
        yield {name: pool.submit(place.story) for name, place in delivered.items()}
