"""How the warm worker takes a run: when the server tells of it, not only when it polls."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from deployments.worker import warm


class _Worker:
    def __init__(self) -> None:
        self.taken = 0
        self.enough = asyncio.Event()

    async def get_and_submit_flow_runs(self) -> None:
        self.taken += 1
        if self.taken == 3:
            self.enough.set()


def test_a_run_is_taken_when_it_is_told_also_after_the_server_was_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two events, a lost connection, one more event: three looks."""
    tellings = iter([2, OSError("no server"), 1])

    @asynccontextmanager
    async def subscriber(_: Any) -> AsyncIterator[AsyncIterator[int]]:
        told = next(tellings, 0)
        if isinstance(told, OSError):
            raise told

        async def events() -> AsyncIterator[int]:
            for number in range(told):
                yield number
            if told == 1:
                await asyncio.Event().wait()

        yield events()

    async def play() -> int:
        worker = _Worker()
        listening = asyncio.create_task(warm._take_at_once(worker))  # type: ignore[arg-type]
        async with asyncio.timeout(10):
            await worker.enough.wait()
        listening.cancel()
        return worker.taken

    monkeypatch.setattr(warm, "_DEAF", 0.01)
    monkeypatch.setattr(warm, "get_events_subscriber", subscriber)
    assert asyncio.run(play()) == 3
