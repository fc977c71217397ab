"""Stops our processes: parents first, so that each can end its own children in its own way."""

import signal
import time
from collections.abc import Callable, Collection, Iterable

from deployments.local.stack.processes import Process, marked, send

_INTERVAL = 0.05


def due(living: Iterable[Process], asked: Collection[tuple[int, float]]) -> list[Process]:
    """Return those that shall be asked to end now: not asked before, and no parent of ours left.

    A flow run thus gets to end Terraform, and Terraform its providers; a provider that was told at once with
    Terraform would lose the resource in flight.
    """
    alive = list(living)
    pids = {process.pid for process in alive}
    return [
        process
        for process in alive
        if process.parent not in pids and (process.pid, process.started) not in asked
    ]


def stop(owner: str, wanted: Callable[[Process], bool], grace: float) -> list[Process]:
    """End the marked processes that are ``wanted``; those left after ``grace`` seconds are killed.

    Returns those that had to be killed.
    """
    asked: set[tuple[int, float]] = set()
    deadline = time.monotonic() + grace
    while living := _living(owner, wanted):
        if time.monotonic() > deadline:
            return _kill(owner, wanted)
        for process in due(living, asked):
            asked.add((process.pid, process.started))
            send(process, signal.SIGTERM)
        time.sleep(_INTERVAL)
    return []


def _kill(owner: str, wanted: Callable[[Process], bool]) -> list[Process]:
    killed: dict[tuple[int, float], Process] = {}
    deadline = time.monotonic() + 10
    while (living := _living(owner, wanted)) and time.monotonic() < deadline:
        for process in living:
            killed[process.pid, process.started] = process
            send(process, signal.SIGKILL)
        time.sleep(_INTERVAL)
    return list(killed.values())


def _living(owner: str, wanted: Callable[[Process], bool]) -> list[Process]:
    return [process for process in marked(owner) if wanted(process)]
