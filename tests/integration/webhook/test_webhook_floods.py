"""Floods of raw connections at a receiver of its own process: memory and open files stay bounded."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest
from support.ports import free_port

CONNECTIONS = 250
SECONDS = 4.0
MEMORY, FILES = 320_000_000, 700
"""Together 64 MB of bodies, twice as in a moment they are copied, and what 256 sockets have just brought."""

SIGNATURE = "X-Signature-256: sha256=" + "0" * 64
HEAD = (
    f"POST /webhooks/deploy HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n{SIGNATURE}\r\n"
).encode()
ASK = b"GET /metrics HTTP/1.1\r\nHost: here\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
FLOODS = {
    "bodies": HEAD + b"Content-Length: 4900000\r\n\r\n" + b" " * 4_890_000,
    "answers that nobody reads": (ASK + b"\r\n") * 2_000,
    "chunks of a byte": HEAD + CHUNKED + b"1\r\nx\r\n" * 200_000,
    "a chunk's extension": HEAD + CHUNKED + b"1;" + b"x" * 1_000_000,
    "chunks that are none": HEAD + CHUNKED + b"zz\r\n",
    "a header": HEAD + b"X: " + b"x" * 1_000_000,
    "many headers": HEAD + b"a:b\r\n" * 100_000,
    "TLS": b"\x16\x03\x01" + bytes(range(256)) * 40,
    "upgrades": (ASK + b"Connection: upgrade\r\nUpgrade: websocket\r\n\r\n") * 50,
    "tunnels": b"CONNECT /health HTTP/1.1\r\nHost: here\r\n\r\n" + b"x" * 100_000,
}


class Flooded:
    """A receiver and how large it became."""

    def __init__(self, state: Path) -> None:
        self._port = free_port()
        settings = {
            "VIMBISO_WEBHOOK_PORT": str(self._port),
            "VIMBISO_STATE": str(state),
            "PREFECT_API_URL": "http://127.0.0.1:9/api",
            "WEBHOOK_SECRETS": "staging=word",
        }
        command = [sys.executable, "-c", "from deployments.webhook.app import serve; serve()"]
        self._log = (state / "log").open("wb")
        self._process = subprocess.Popen(
            command, env={**os.environ, **settings}, stdout=self._log, stderr=self._log
        )
        self._seen = psutil.Process(self._process.pid)
        self.memory, self.files = 0, 0

    def close(self) -> None:
        """End it, by force where it no longer listens to anything else."""
        self._process.terminate()
        try:
            self._process.wait(20)
        finally:
            self._process.kill()
            self._log.close()

    def connect(self) -> socket.socket:
        """Open a connection."""
        return socket.create_connection(("127.0.0.1", self._port), timeout=20)

    def is_well(self, seconds: float = 60) -> bool:
        """Whether it answers again, in some time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                with self.connect() as connection:
                    connection.sendall(b"GET /health HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
                    if connection.recv(100).startswith(b"HTTP/1.1 200"):
                        return True
            except OSError:
                time.sleep(0.5)
        return False

    def look(self) -> None:
        """Take its size."""
        self.memory = max(self.memory, self._seen.memory_info().rss)
        self.files = max(self.files, self._seen.num_fds())

    def flood(self, content: bytes, connections: int) -> None:
        """Send it on many connections for some seconds, again and again, and read nothing."""
        with ExitStack() as opened:
            senders = []
            for number in range(connections):
                senders.append([opened.enter_context(self.connect()), content])
                senders[-1][0].setblocking(False)
                if number % 100 == 0:
                    self.look()
            end = time.monotonic() + SECONDS
            while time.monotonic() < end:
                for sender in senders:
                    sender[1] = _sent(*sender) or content
                self.look()
                time.sleep(0.02)


def _sent(connection: socket.socket, content: bytes) -> bytes:
    """Send a part; return the rest."""
    try:
        return content[connection.send(content[:200_000]) :]
    except OSError:
        return content


@pytest.fixture(scope="module")
def flooded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flooded]:
    """One for all: what a flood left would be seen in the next."""
    made = Flooded(tmp_path_factory.mktemp("state"))
    try:
        assert made.is_well()
        yield made
    finally:
        made.close()


@pytest.mark.nightly
@pytest.mark.parametrize("content", FLOODS.values(), ids=FLOODS)
def test_no_flood_takes_the_receiver_away(flooded: Flooded, content: bytes) -> None:
    """It is answered again when the flood is over, at latest when those who wait have had their time."""
    flooded.flood(content, CONNECTIONS)
    assert flooded.is_well()
    assert (flooded.memory < MEMORY, flooded.files < FILES) == (True, True), (flooded.memory, flooded.files)


@pytest.mark.nightly
def test_more_connections_than_files(flooded: Flooded) -> None:
    """Nine hundred at once: all but 256 are closed, and those that wait are the kernel's."""
    flooded.flood(b"GET", 900)
    assert flooded.is_well()
    assert (flooded.memory < MEMORY, flooded.files < FILES) == (True, True), (flooded.memory, flooded.files)
