"""AWS on this machine, for one test: MiniStack, and moto for the service that it reads back wrongly."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

REGION = "af-south-1"
_START = 240.0


@contextmanager
def ministack(logs: Path) -> Iterator[str]:
    """Run MiniStack without persistence, as the local stack serves it, and yield its URL."""
    port = free_port()
    settings = {
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        "PERSIST_STATE": "0",
    }
    command = [sys.executable, "-m", "deployments", "stack", "emulator"]
    with _server(
        command, settings, logs / "ministack.log", f"http://localhost:{port}", "/_ministack/health"
    ) as url:
        yield url


@contextmanager
def moto(logs: Path) -> Iterator[str]:
    """Run moto's server and yield its URL."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-p", str(port)]
    with _server(command, {}, logs / "moto.log", f"http://localhost:{port}", "/moto-api/") as url:
        yield url


def free_port() -> int:
    """Return a TCP port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _server(command: list[str], settings: dict[str, str], log: Path, url: str, health: str) -> Iterator[str]:
    with log.open("w") as output:
        child = subprocess.Popen(
            command, env={**os.environ, **settings}, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            _wait(child, f"{url}{health}", log)
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
