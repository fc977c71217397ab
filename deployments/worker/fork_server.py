"""Forks the processes of one worker's flow runs, with Prefect and the flows imported already.

A run still has a process of its own: memory, environment, folder, output and signals are not shared. The
server imports, forks and waits; it has no thread and runs no flow, so that a fork finds nothing half done.
"""

import ctypes
import gc
import importlib
import json
import os
import pkgutil
import random
import runpy
import selectors
import signal
import socket
import struct
import sys
import time
import warnings
from contextlib import suppress
from dataclasses import dataclass, field

from deployments.worker.authorities import share_authorities
from deployments.worker.launch import peer

_ENGINES = (
    "anyio._backends._asyncio",
    "prefect.engine",
    "prefect.flow_engine",
    "prefect.task_engine",
    "prefect.utilities.visualization",
)
_LARGEST = 1 << 20
_PR_SET_PDEATHSIG = 1
_IGNORED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""Signals to a whole group: each run has its own, from its launcher, and the server ends after the last."""


@dataclass(frozen=True)
class Place:
    """Folder, variables and files of a launcher, which the process forked for it takes over."""

    module: str
    folder: str
    variables: dict[str, str]
    files: list[int]
    """Standard input, output and error."""

    def run(self) -> None:
        """Run the module as ``python -m`` does, in the place."""
        from prefect.context import refresh_global_settings_context

        for number, file in enumerate(self.files):
            os.dup2(file, number)
            os.close(file)
        os.environ.clear()
        os.environ.update(self.variables)
        os.chdir(self.folder)
        time.tzset()
        random.seed()
        refresh_global_settings_context()
        sys.argv = [self.module]
        with warnings.catch_warnings():
            # The module is imported already; that is the point.
            warnings.filterwarnings("ignore", category=RuntimeWarning, module="runpy")
            runpy.run_module(self.module, run_name="__main__", alter_sys=True)


@dataclass
class ForkServer:
    """A socket where launchers ask, and the processes that were forked for them."""

    asked: socket.socket
    worker: int
    """File that ends with the worker."""
    runs: dict[int, socket.socket] = field(default_factory=dict)
    events: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    woken: tuple[int, int] = (-1, -1)
    serving: bool = True

    def serve(self) -> Place | None:
        """Fork until the worker and all runs have ended; in a forked process, return its place."""
        self.woken = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(self.woken[1])
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in _IGNORED:
            signal.signal(number, signal.SIG_IGN)
        for file in (self.woken[0], self.worker, self.asked):
            self.events.register(file, selectors.EVENT_READ)
        while self.serving or self.runs:
            for key, _ in self.events.select():
                if key.fd == self.woken[0]:
                    self._reap()
                elif key.fd == self.worker:
                    self._retire()
                elif key.fileobj is not self.asked:
                    self._signal(key.data)
                elif place := self._fork():
                    return place
        return None

    def _fork(self) -> Place | None:
        connection, _ = self.asked.accept()
        place = _place(connection)
        if place is None:
            connection.close()
            return None
        if not (child := os.fork()):
            self._leave(connection)
            return place
        for file in place.files:
            os.close(file)
        self.runs[child] = connection
        self.events.register(connection, selectors.EVENT_READ, child)
        with suppress(OSError):
            connection.send(b"1")
        return None

    def _leave(self, connection: socket.socket) -> None:
        """Give up, in a forked process, what belongs to the server; end with it."""
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self.events.close()
        for item in (self.asked, connection, *self.runs.values()):
            item.close()
        for file in self.woken:
            os.close(file)

    def _signal(self, child: int) -> None:
        """Pass a launcher's signal on; a launcher that is gone was killed, and its process is killed too."""
        number = b""
        with suppress(OSError):
            number = self.runs[child].recv(1)
        os.kill(child, number[0] if number else signal.SIGKILL)
        if not number:
            self.events.unregister(self.runs[child])

    def _reap(self) -> None:
        os.read(self.woken[0], 4096)
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                connection = self.runs.pop(ended[0])
                with suppress(KeyError):
                    self.events.unregister(connection)
                with suppress(OSError):
                    connection.send(struct.pack("i", ended[1]))
                connection.close()

    def _retire(self) -> None:
        self.serving = False
        for file in (self.worker, self.asked):
            self.events.unregister(file)
        self.asked.close()


def _place(connection: socket.socket) -> Place | None:
    with suppress(OSError, ValueError):
        if peer(connection) == os.getuid():
            text, files, _, _ = socket.recv_fds(connection, _LARGEST, 3)
            return Place(**json.loads(text), files=files) if text else None
    return None


def preload() -> None:
    """Import what every run needs: Prefect's engines, what they import while they run, and all flows."""
    share_authorities()
    flows = importlib.import_module("flows").__path__
    for name in (*_ENGINES, *(f"flows.{module.name}" for module in pkgutil.iter_modules(flows))):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()


def main() -> None:
    """Serve at the socket that is inherited as the file of the first argument, until standard input ends."""
    asked = socket.socket(fileno=int(sys.argv[1]))
    preload()
    place = ForkServer(asked, sys.stdin.fileno()).serve()
    if place:
        place.run()


if __name__ == "__main__":
    main()
