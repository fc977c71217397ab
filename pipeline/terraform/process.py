"""Runs one child process: streamed, bounded, and stopped gently."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

_LAUNCHER = Path(__file__).with_name("launcher.py")
_CHUNK = 1 << 20

OnLine = Callable[[str], None]


class Ending(Enum):
    """Ending of a child process."""

    BY_ITSELF = "ended by itself"
    TIMED_OUT = "ran out of time"
    CANCELLED = "was cancelled"


@dataclass(frozen=True)
class TimeLimits:
    """Seconds: how long a command may run, and how long it may take to end after each interrupt."""

    timeout: float = 3600.0
    interrupt_grace: float = 60.0
    force_grace: float = 15.0
    poll: float = 0.1


@dataclass(frozen=True)
class TerraformCommand:
    """A Terraform command as data."""

    argv: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str]
    hold: Path | None = None
    """File that the child keeps locked while it lives."""


@dataclass(frozen=True)
class Finished:
    """Result of a Terraform command."""

    code: int
    stdout: str
    stderr: str
    ending: Ending
    graceful: bool
    """False when one interrupt was not enough."""


class _Tail:
    """Reads a file's new lines while another process writes it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._offset, self._rest = file, 0, b""

    def lines(self) -> Iterator[str]:
        # pread: the child writes at the shared file position, which must not move.
        while chunk := os.pread(self._file.fileno(), _CHUNK, self._offset):
            self._offset += len(chunk)
            *whole, self._rest = (self._rest + chunk).split(b"\n")
            yield from (line.decode("utf-8", "replace") for line in whole)

    def last(self) -> Iterator[str]:
        yield from self.lines()
        if self._rest:
            yield self._rest.decode("utf-8", "replace")


def execute(
    command: TerraformCommand,
    limits: TimeLimits,
    cancel: threading.Event | None = None,
    on_line: OnLine | None = None,
) -> Finished:
    """Run the command to its end, handing each line of its stdout to ``on_line`` in the calling thread.

    The child writes into unnamed files, not pipes: when this process is killed, a broken pipe would kill
    Terraform before it saves its state. An exception in this thread (KeyboardInterrupt, Prefect's termination
    signal, an error of ``on_line``) interrupts the child, waits for its end and then goes on.
    """
    with ExitStack() as files:
        out, err = (files.enter_context(TemporaryFile()) for _ in range(2))
        tail = _Tail(out)
        child = _start(command, out, err)

        def pump() -> None:
            for line in tail.lines():
                if on_line:
                    on_line(line)

        try:
            ending = _watch(child, limits, cancel, pump)
            graceful = ending is Ending.BY_ITSELF or _stop(child, limits, pump)
        except BaseException:
            _stop(child, limits, lambda: None)
            raise
        _clear(child)
        for line in tail.last():
            if on_line:
                on_line(line)
        return Finished(child.returncode, _content(out), _content(err), ending, graceful)


def _start(command: TerraformCommand, out: IO[bytes], err: IO[bytes]) -> subprocess.Popen[bytes]:
    argv = [
        sys.executable,
        "-I",
        "-S",
        str(_LAUNCHER),
        str(os.getpid()),
        str(command.hold or ""),
        *command.argv,
    ]
    return subprocess.Popen(  # noqa: S603 - an argument list, no shell
        argv,
        cwd=command.folder,
        env=dict(command.environment),
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=err,
        start_new_session=True,
    )


def _watch(
    child: subprocess.Popen[bytes],
    limits: TimeLimits,
    cancel: threading.Event | None,
    pump: Callable[[], None],
) -> Ending:
    deadline = time.monotonic() + limits.timeout
    while not _ended(child, limits.poll):
        pump()
        # A worker thread is not told when the interpreter shuts down, but it would be waited for.
        if (cancel and cancel.is_set()) or not threading.main_thread().is_alive():
            return Ending.CANCELLED
        if time.monotonic() > deadline:
            return Ending.TIMED_OUT
    return Ending.BY_ITSELF


def _stop(child: subprocess.Popen[bytes], limits: TimeLimits, pump: Callable[[], None]) -> bool:
    """Interrupt the child, again, and only then kill its whole group; True if the first was enough.

    Terraform ends in order upon one SIGINT to its own pid, and at once upon the second; a signal to the whole
    group would kill its providers and lose the resource in flight.
    """
    for attempt, grace in enumerate((limits.interrupt_grace, limits.force_grace)):
        if child.poll() is None:
            child.send_signal(signal.SIGINT)
        if _wait(child, grace, limits.poll, pump):
            return attempt == 0
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    return False


def _clear(child: subprocess.Popen[bytes]) -> None:
    # A Terraform that was killed leaves its providers behind; one that ended has ended them.
    if child.returncode < 0:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)


def _wait(child: subprocess.Popen[bytes], seconds: float, poll: float, pump: Callable[[], None]) -> bool:
    deadline = time.monotonic() + seconds
    while not _ended(child, poll):
        pump()
        if time.monotonic() > deadline:
            return False
    return True


def _ended(child: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _content(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace")
