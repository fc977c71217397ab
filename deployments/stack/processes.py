"""Looks at the machine's processes through /proc and tells ours by a mark in their environment.

The mark is inherited by whatever our processes start and needs no file, so it survives a kill of any of them,
also of the command that was starting them. A process is never named by its pid alone but by pid and start
time: a pid that was given away again is another process. Source: proc(5).
"""

import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MARK = "VIMBISO_STACK_OF"
NAME = "VIMBISO_STACK_PROCESS"
_PROC = Path("/proc")


@dataclass(frozen=True)
class Process:
    """One process of the machine that carries our mark."""

    pid: int
    started: int
    """Clock ticks after the machine's start."""
    parent: int
    name: str
    """Which of the stack's processes it is, or descends from."""
    command: tuple[str, ...]


def marked(owner: str) -> list[Process]:
    """Return the living processes that carry the mark ``owner``."""
    return [found for pid in _pids() if (found := _read(pid, owner)) is not None]


def send(process: Process, number: signal.Signals) -> None:
    """Signal the process, unless it has ended."""
    if start_of(process.pid) == process.started:
        with suppress(ProcessLookupError):
            os.kill(process.pid, number)


def start_of(pid: int) -> int | None:
    """Return when the process started; None where it has ended (a zombie has)."""
    fields = _status(pid)
    return int(fields[19]) if fields and fields[0] not in {"Z", "X"} else None


def _pids() -> list[int]:
    return [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdecimal()]


def _read(pid: int, owner: str) -> Process | None:
    try:
        content = (_PROC / str(pid) / "environ").read_bytes()
        if f"{MARK}={owner}".encode() not in content.split(b"\0"):
            return None
        command = (_PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return None
    fields, started = _status(pid), start_of(pid)
    if fields is None or started is None:
        return None
    words = tuple(os.fsdecode(word) for word in command.rstrip(b"\0").split(b"\0"))
    return Process(pid, started, int(fields[1]), _value(content, NAME), words)


def _value(content: bytes, name: str) -> str:
    start = f"{name}=".encode()
    return next(
        (os.fsdecode(item[len(start) :]) for item in content.split(b"\0") if item.startswith(start)), ""
    )


def _status(pid: int) -> list[str] | None:
    """Return the fields of /proc/PID/stat after the command, which may itself hold spaces and brackets."""
    try:
        return (
            (_PROC / str(pid) / "stat")
            .read_text(encoding="utf-8", errors="replace")
            .rpartition(")")[2]
            .split()
        )
    except OSError:
        return None
