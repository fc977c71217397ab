"""Looks at the machine's processes and tells ours by a mark in their environment.

The mark is inherited by whatever our processes start and needs no file, so it survives a kill of any of them,
also of the command that was starting them. A process is never named by its pid alone but by pid and start
time: a pid that was given away again is another process.
"""

import signal
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass

import psutil

MARK = "VIMBISO_STACK_OF"
NAME = "VIMBISO_STACK_PROCESS"
_ENDED = (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)


@dataclass(frozen=True)
class Process:
    """One process of the machine that carries our mark."""

    pid: int
    started: float
    """Seconds since the epoch."""
    parent: int
    name: str
    """Which of the stack's processes it is, or descends from."""
    command: tuple[str, ...]


def marked(owner: str) -> list[Process]:
    """Return the living processes that carry the mark ``owner``."""
    return [found for handle in psutil.process_iter() if (found := _read(handle, owner)) is not None]


def send(process: Process, number: signal.Signals) -> None:
    """Signal the process, unless it has ended."""
    with suppress(psutil.NoSuchProcess):
        handle = psutil.Process(process.pid)
        if handle.create_time() == process.started:
            handle.send_signal(number)


def start_of(pid: int) -> float | None:
    """Return when the process started; None where it has ended (a zombie has)."""
    try:
        handle = psutil.Process(pid)
        return None if handle.status() in _ENDED else handle.create_time()
    except psutil.NoSuchProcess:
        return None


def _read(handle: psutil.Process, owner: str) -> Process | None:
    try:
        variables = handle.environ()
        if variables.get(MARK) != owner or handle.status() in _ENDED:
            return None
        command = tuple(handle.cmdline())
        return Process(handle.pid, handle.create_time(), handle.ppid(), variables.get(NAME, ""), command)
    except (psutil.Error, OSError):
        return None


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


def stop(owner: str, requested: Callable[[Process], bool], grace: float) -> list[Process]:
    """End the marked processes that are ``requested``; those left after ``grace`` seconds are killed.

    Returns those that had to be killed.
    """
    asked: set[tuple[int, float]] = set()
    deadline = time.monotonic() + grace
    while living := _living(owner, requested):
        if time.monotonic() > deadline:
            return _kill(owner, requested)
        for process in due(living, asked):
            asked.add((process.pid, process.started))
            send(process, signal.SIGTERM)
        time.sleep(_INTERVAL)
    return []


def _kill(owner: str, requested: Callable[[Process], bool]) -> list[Process]:
    killed: dict[tuple[int, float], Process] = {}
    deadline = time.monotonic() + 10
    while (living := _living(owner, requested)) and time.monotonic() < deadline:
        for process in living:
            killed[process.pid, process.started] = process
            send(process, signal.SIGKILL)
        time.sleep(_INTERVAL)
    return list(killed.values())


def _living(owner: str, requested: Callable[[Process], bool]) -> list[Process]:
    return [process for process in marked(owner) if requested(process)]
