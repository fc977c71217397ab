"""What strangers can do to a receiver without a proxy before it: slow, many, large and unsigned requests."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import httpx
import pytest
from receiver_in_process import Receiver
from served_receiver import HEAD, Served, ended, until

from deployments.webhook import connections, intake

PATIENCE = 1.0
LIMIT = 20


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """Served with small bounds, so that they are soon met."""
    monkeypatch.setattr(connections, "PATIENCE", PATIENCE)
    monkeypatch.setattr(connections, "ANSWERING", PATIENCE)
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


def _drip(connection: socket.socket, begin: bytes, more: bytes = b"x", pause: float = PATIENCE / 10) -> None:
    try:
        connection.sendall(begin)
        while True:
            connection.sendall(more)
            time.sleep(pause)
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


def test_a_body_in_chunks_is_not_parsed(served: Served) -> None:
    """A megabyte of chunks of one byte costs seconds; a call in between waits for none of them."""
    chunks = f"{HEAD}Transfer-Encoding: chunked\r\n\r\n".encode() + b"1\r\nx\r\n" * 500_000
    with ExitStack() as opened:
        sent = [opened.enter_context(served.connect()) for _ in range(LIMIT - 1)]
        for connection in sent:
            threading.Thread(target=_send, args=(connection, chunks)).start()
        began = time.monotonic()
        assert served.deploys() == 202
        assert time.monotonic() - began < 5
        assert {ended(connection)[:12] for connection in sent} <= {b"HTTP/1.1 411", b""}


def test_who_takes_no_answer_is_not_waited_for(served: Served) -> None:
    """Many requests at once, and one by one: answers that nobody reads hold no connection."""
    ask = b"GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n"
    with served.connect() as at_once, served.connect() as in_turn:
        threading.Thread(target=_send, args=(at_once, ask * 100_000)).start()
        threading.Thread(target=_drip, args=(in_turn, ask, ask, 0.001)).start()
        until(lambda: served.connections > 0)
        until(lambda: served.connections == 0)
    assert served.deploys() == 202


def test_what_comes_ahead_of_an_answer_ends_the_connection(served: Served) -> None:
    """The first request is answered, the many behind it are not kept in memory."""
    with served.connect() as connection:
        _send(connection, b"GET /health HTTP/1.1\r\nHost: here\r\n\r\n" * 10_000)
        assert ended(connection).startswith((b"HTTP/1.1 200", b""))
    until(lambda: served.connections == 0)


@pytest.mark.parametrize("body", [b"{}", b"{"])
def test_a_half_closed_connection_goes(served: Served, body: bytes) -> None:
    """With a whole request and with half of one."""
    with served.connect() as connection:
        _send(connection, f"{HEAD}Content-Length: 2\r\n\r\n".encode() + body)
        connection.shutdown(socket.SHUT_WR)
        ended(connection)
    until(lambda: served.connections == 0)
    assert served.deploys() == 202


@pytest.mark.parametrize(
    "begin",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /health HTTP/1.1\r\nHost: here\r\n\r\n\x00garbage\r\n\r\n",
        b"CONNECT /health HTTP/1.1\r\nHost: here\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: here\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        b"POST /webhooks/deploy HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /webhooks/deploy HTTP/1.1\r\nHost: here\r\nContent-Length: 2, 3\r\n\r\n{}",
        b"GET /%ff%00?\xff HTTP/9.9\r\n\r\n",
        b"\r\n" * 200_000,
    ],
)
def test_garbage_ends_in_time(served: Served, begin: bytes) -> None:
    """What no client sends: answered or not, the connection goes and others are served."""
    with served.connect() as connection:
        _send(connection, begin)
        ended(connection)
    until(lambda: served.connections == 0)
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
