"""Runs a command and looks how much memory its processes need."""

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_INTERVAL = 0.02


@dataclass(frozen=True)
class Measured:
    """How a command did."""

    seconds: float
    peak_mib: float
    """Of the largest of its processes."""
    trouble: str = ""
    """Why it did not do its work: its last line, or that it was given up."""


def measure(
    command: Sequence[str | Path], more: Mapping[str, str] | None = None, limit: float = 600
) -> Measured:
    """Run a command to its end, or for ``limit`` seconds."""
    began = time.monotonic()
    process = subprocess.Popen(
        command,
        env={**os.environ, **(more or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    watch = _Watch(process.pid)
    try:
        output, _ = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        process.communicate()
        return Measured(limit, watch.stop(), f"had not ended after {limit:.0f} s and were stopped")
    seconds = time.monotonic() - began
    last = output.strip().rpartition("\n")[2] if process.returncode else ""
    return Measured(seconds, watch.stop(), last and f"failed after {seconds:.0f} s: {last}")


class _Watch:
    """Looks again and again: the kernel's own maximum would count what the parent held at the fork."""

    def __init__(self, session: int) -> None:
        self._session, self._peak = session, 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._go_on, daemon=True)
        self._thread.start()

    def stop(self) -> float:
        """End, and return the peak in MiB."""
        self._end.set()
        self._thread.join()
        return self._peak / 1024

    def _go_on(self) -> None:
        while not self._end.wait(_INTERVAL):
            for folder in Path("/proc").iterdir():
                if folder.name.isdigit() and self._ours(int(folder.name)):
                    self._peak = max(self._peak, _high_water(folder))

    def _ours(self, pid: int) -> bool:
        try:
            return os.getsid(pid) == self._session and pid != os.getpid()
        except OSError:
            return False


def _high_water(folder: Path) -> int:
    """Return the peak of a process in KiB; 0 where it is gone."""
    try:
        lines = (folder / "status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)
