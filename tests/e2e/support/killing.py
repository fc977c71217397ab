"""Kills a flow run's process with SIGKILL at a moment that can be seen from outside."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from deployments.stack.processes import Process, marked, start_of

_STEP = 0.002
"""Seconds that a process gets between two looks when it is led along in steps."""


@dataclass(frozen=True)
class RunProcess:
    """The process in which the worker executes one flow run."""

    process: Process

    def kill(self) -> None:
        """End it with SIGKILL and wait until it is gone."""
        os.kill(self.process.pid, signal.SIGKILL)
        while start_of(self.process.pid) is not None:
            time.sleep(_STEP)

    def hold_when(self, moment: Callable[[], bool], seconds: float = 120) -> None:
        """Wait for the moment, looking all the time, and stop it there."""
        deadline = time.monotonic() + seconds
        while not moment():
            assert time.monotonic() < deadline, "the moment did not come"
            time.sleep(_STEP / 4)
        os.kill(self.process.pid, signal.SIGSTOP)

    def lead_to(self, moment: Callable[[], bool]) -> None:
        """Let it go on in tiny steps, stopped while we look, until the moment has come; leave it stopped."""
        while True:
            os.kill(self.process.pid, signal.SIGSTOP)
            if moment():
                return
            os.kill(self.process.pid, signal.SIGCONT)
            time.sleep(_STEP)


def process_of(state: str, run: UUID, seconds: float = 150) -> RunProcess:
    """Wait for the process of a flow run on the stack whose state folder is ``state``."""
    deadline = time.monotonic() + seconds
    while True:
        for process in marked(state):
            if process.command[-1:] == ("prefect.engine",) and _runs(process.pid, run):
                return RunProcess(process)
        assert time.monotonic() < deadline, f"run {run} has no process"
        time.sleep(0.1)


def _runs(pid: int, run: UUID) -> bool:
    try:
        variables = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False
    return f"PREFECT__FLOW_RUN_ID={run}".encode() in variables.split(b"\0")
