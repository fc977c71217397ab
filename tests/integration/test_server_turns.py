"""The stack's Prefect server, with many who write at once."""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from support.ports import free_port
from support.serving import served

_WRITERS, _ROUNDS = 12, 10


@pytest.fixture
def api(tmp_path: Path, prefect_home: Callable[[Path], Path]) -> Iterator[str]:
    """The address of a server of our own, on a SQLite file."""
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    home = str(prefect_home(tmp_path))
    variables = {**kept, "PREFECT_HOME": home, "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
    command = [sys.executable, "-m", "deployments", "stack", "server", "--port", str(port)]
    with served(command, variables, tmp_path / "server.log"):
        yield f"http://127.0.0.1:{port}/api"


def test_who_writes_waits_for_a_turn_and_is_never_refused(api: str) -> None:
    """Places are taken and given back by a dozen at once: reading, then writing, each in one transaction."""
    answers = asyncio.run(_burst(api))
    assert answers == {200: _WRITERS * (1 + 2 * _ROUNDS)}


async def _burst(api: str) -> Counter[int]:
    limits = httpx.Limits(keepalive_expiry=1)  # the server closes what is idle for five seconds
    async with httpx.AsyncClient(base_url=api, timeout=120, limits=limits, trust_env=False) as client:
        await _ready(client)
        answers: Counter[int] = Counter()
        names = [f"place-{number}" for number in range(_WRITERS)]
        await asyncio.gather(*(_writer(client, name, answers) for name in names))
    return answers


async def _ready(client: httpx.AsyncClient) -> None:
    for _ in range(3000):
        try:
            if (await client.get("/health")).is_success:
                return
        except httpx.TransportError:
            await asyncio.sleep(0.1)
    pytest.fail("the server did not start")


async def _writer(client: httpx.AsyncClient, name: str, answers: Counter[int]) -> None:
    made = await client.post("/v2/concurrency_limits/", json={"name": name, "limit": 1})
    answers[200 if made.is_success else made.status_code] += 1
    for _ in range(_ROUNDS):
        requested = {"names": [name], "slots": 1, "mode": "concurrency", "lease_duration": 600}
        taken = await client.post("/v2/concurrency_limits/increment-with-lease", json=requested)
        answers[taken.status_code] += 1
        if taken.is_success:
            lease = {"lease_id": taken.json()["lease_id"]}
            given = await client.post("/v2/concurrency_limits/decrement-with-lease", json=lease)
            answers[200 if given.is_success else given.status_code] += 1
