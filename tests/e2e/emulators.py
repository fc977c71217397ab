"""moto as a server, for the service that MiniStack reads back wrongly."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from support.ports import free_port

_START = 240.0


@contextmanager
def moto(logs: Path) -> Iterator[str]:
    """Run moto's server and yield its URL."""
    port, log = free_port(), logs / "moto.log"
    url = f"http://localhost:{port}"
    with log.open("w") as output:
        command = [sys.executable, "-m", "moto.server", "-p", str(port)]
        child = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            _wait(child, f"{url}/moto-api/", log)
            yield url
        finally:
            child.terminate()
            child.wait(timeout=240)


def _wait(child: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + _START
    while time.monotonic() < deadline:
        assert child.poll() is None, log.read_text()
        try:
            if httpx.get(url, timeout=30).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.2)  # between two looks
    raise AssertionError(f"{url} did not answer within {_START:.0f} s:\n{log.read_text()}")
