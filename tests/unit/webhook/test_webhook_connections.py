"""What strangers can do to a receiver without a proxy before it: slow, many, large and unsigned requests."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import httpx
import pytest
import uvicorn
from receiver_in_process import Receiver

from deployments.webhook import connections, intake
from deployments.webhook.app import SERVED
from deployments.webhook.reading import sign

PATIENCE = 1.0
LIMIT = 20
FORM = "X-Signature-256: sha256=" + "0" * 64
HEAD = f"POST /webhooks/deploy HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n{FORM}\r\n"


class Served:
    """A receiver at a port of its own."""

    def __init__(self, make: Callable[[], Receiver]) -> None:
        """The thread that serves ``make``s it: SQLite keeps a connection to its thread."""
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = self.socket.getsockname()
        self.server: uvicorn.Server | None = None
        self._thread = threading.Thread(target=self._serve, args=(make,))
        self._thread.start()
        _until(lambda: self.server is not None and self.server.started)

    def _serve(self, make: Callable[[], Receiver]) -> None:
        self.server = uvicorn.Server(uvicorn.Config(make().app, lifespan="off", **SERVED))
        self.server.run([self.socket])

    def close(self) -> None:
        """Stop serving."""
        if self.server is not None:
            self.server.should_exit = True
        self._thread.join(60)
        self.socket.close()

    def connect(self) -> socket.socket:
        """Open a connection."""
        return socket.create_connection(self.address, timeout=30)

    def deploys(self) -> int:
        """Send a good call; return the status."""
        call = {"environment": "local", "timestamp": time.time(), "nonce": f"{time.time_ns():020}"}
        body = json.dumps(call).encode()
        headers = {"Content-Type": "application/json", "X-Signature-256": sign(body, "word")}
        url = f"http://{self.address[0]}:{self.address[1]}/webhooks/deploy"
        return httpx.post(url, content=body, headers=headers, timeout=30, trust_env=False).status_code


def ended(connection: socket.socket) -> bytes:
    """Return what comes until the connection ends."""
    found = b""
    try:
        while part := connection.recv(4096):
            found += part
    except (ConnectionResetError, BrokenPipeError):
        pass
    return found


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """Served with small bounds, so that they are soon met."""
    monkeypatch.setattr(connections, "PATIENCE", PATIENCE)
    monkeypatch.setattr(connections, "CONNECTIONS", LIMIT)
    monkeypatch.setattr(intake, "_TOGETHER", 4_000_000)
    variables = {"WEBHOOK_SECRETS": "local=word", "WEBHOOK_BURST": "30", "WEBHOOK_RATE": "0.001"}
    variables["WEBHOOK_MAX_BYTES"] = "1000000"
    with closing(Served(lambda: Receiver(tmp_path, monkeypatch, **variables))) as made:
        yield made


@pytest.mark.parametrize(
    "begin",
    [
        "",
        "POST /webh",
        HEAD,
        f"{HEAD}Content-Length: 900000\r\n\r\n{{",
        f"{HEAD}Content-Length: 9000000\r\n\r\n",
    ],
)
def test_what_does_not_arrive_is_not_waited_for(served: Served, begin: str) -> None:
    """Silence, and a byte now and then: in the first line, the headers, a body, and one that was refused."""
    with served.connect() as silent, served.connect() as slow:
        began = time.monotonic()
        drip = threading.Thread(target=_drip, args=(slow, begin.encode()))
        silent.sendall(begin.encode())
        drip.start()
        for connection in (silent, slow):
            ended(connection)
        assert time.monotonic() - began < PATIENCE + 10
        drip.join(60)
    assert served.deploys() == 202


def _drip(connection: socket.socket, begin: bytes) -> None:
    try:
        connection.sendall(begin)
        while True:
            connection.sendall(b"x")
            time.sleep(PATIENCE / 10)
    except OSError:
        return


def test_a_connection_too_many_is_closed_unheard(served: Served) -> None:
    """And those that were there go when their time is up, whether they are many or not."""
    with ExitStack() as opened:
        kept = [opened.enter_context(served.connect()) for _ in range(LIMIT)]
        began = time.monotonic()
        assert ended(opened.enter_context(served.connect())) == b""
        assert time.monotonic() - began < PATIENCE
        for connection in kept:
            assert ended(connection) == b""
    assert served.deploys() == 202


def test_unfinished_bodies_have_one_bound_together(served: Served) -> None:
    """What is above it is answered 503 and dropped; afterwards nothing of them is left."""
    head = f"{HEAD}Content-Length: 990000\r\n\r\n".encode()
    with ExitStack() as opened:
        sent = [opened.enter_context(served.connect()) for _ in range(10)]
        for connection in sent:
            threading.Thread(target=_send, args=(connection, head + b" " * 900_000)).start()
        answers = [ended(connection)[:12] for connection in sent]
    assert b"HTTP/1.1 503" in answers
    assert set(answers) <= {b"HTTP/1.1 503", b"", b"HTTP/1.1 408"}
    assert served.deploys() == 202


def _send(connection: socket.socket, content: bytes) -> None:
    try:
        connection.sendall(content)
    except OSError:
        return


def test_a_huge_header_is_refused(served: Served) -> None:
    """Before it is read to its end."""
    with served.connect() as connection:
        _send(connection, HEAD.encode() + b"X-Much: " + b"x" * 3_000_000)
        assert ended(connection)[:12] in {b"HTTP/1.1 400", b""}
    assert served.deploys() == 202


def test_strangers_do_not_lock_out_who_signs(served: Served) -> None:
    """Behind one address, as a proxy or Docker makes it: theirs are limited, signed calls never."""
    base = f"http://127.0.0.1:{served.address[1]}"
    with httpx.Client(base_url=base, trust_env=False) as stranger:
        statuses = [stranger.post("/webhooks/deploy", content=b"{}").status_code for _ in range(60)]
    assert (statuses[:30], statuses[30:]) == ([401] * 30, [429] * 30)
    assert [served.deploys() for _ in range(40)] == [202] * 40


def _until(true: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
