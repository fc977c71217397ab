"""Kills a flow run's process with SIGKILL."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from deployments.local.stack.processes import Process, marked, start_of


@dataclass(frozen=True)
class RunProcess:
    """The process in which the worker executes one flow run."""

    process: Process

    def kill(self) -> None:
        """End it with SIGKILL and wait until it is gone."""
        os.kill(self.process.pid, signal.SIGKILL)
        while start_of(self.process.pid) is not None:
            time.sleep(0.002)


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
