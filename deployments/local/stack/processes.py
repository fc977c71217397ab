"""Looks at the machine's processes and tells ours by a mark in their environment.

The mark is inherited by whatever our processes start and needs no file, so it survives a kill of any of them,
also of the command that was starting them. A process is never named by its pid alone but by pid and start
time: a pid that was given away again is another process.
"""

import signal
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
