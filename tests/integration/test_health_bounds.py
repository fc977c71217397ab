"""What a hostile or odd application can do to the question whether it is healthy."""

import gzip
import socket
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread

import pytest

from pipeline.health.model import Probe
from pipeline.health.probe import probe

Talk = Callable[[socket.socket], None]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@contextmanager
def talking(talk: Talk) -> Iterator[str]:
    """Listen, and treat every caller so; yield the address."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    caller, _ = server.accept()
                    Thread(target=one, args=(caller,), daemon=True).start()

        def one(caller: socket.socket) -> None:
            with caller, suppress(OSError):
                caller.recv(65536)
                talk(caller)

        Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/health/"
        server.shutdown(socket.SHUT_RDWR)


def dripping(first: bytes) -> Talk:
    """Send a beginning, then a byte every now and then, for ever."""

    def talk(caller: socket.socket) -> None:
        caller.sendall(first)
        while True:
            time.sleep(0.2)
            caller.sendall(b"a")

    return talk


def sending(body: bytes, header: bytes = b"") -> Talk:
    """Send an answer with this body."""
    length = b"Content-Length: %d\r\n" % len(body)
    return lambda caller: caller.sendall(HEAD + header + length + b"\r\n" + body)


def endless(caller: socket.socket) -> None:
    """Send as much as is taken."""
    caller.sendall(HEAD + b"\r\n")
    while True:
        caller.sendall(b"a" * 65536)


@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 200 OK\r\nX-Slow: ", HEAD + b"\r\n"])
def test_an_answer_that_drips_is_not_waited_for(first: bytes) -> None:
    """The deployment has the environment's lock meanwhile."""
    began = time.monotonic()
    with talking(dripping(first)) as url:
        report = probe(Probe(url, window=0.5, timeout=1))
    assert time.monotonic() - began < 5
    assert not report.healthy
    assert "No" in report.message
    assert "answer within 1 s" in report.message


@pytest.mark.parametrize(
    "talk", [endless, sending(gzip.compress(b"0" * 300_000_000), b"Content-Encoding: gzip\r\n")]
)
def test_a_huge_answer_takes_no_memory(talk: Talk) -> None:
    """Its beginning is enough, and it is not unpacked."""
    with talking(talk) as url:
        tracemalloc.start()
        probe(Probe(url, window=0, in_a_row=1, timeout=2))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert most < 20_000_000


@pytest.mark.parametrize("status", [b"200 OK", b"500 Oh"])
def test_json_in_json_is_no_defect_of_ours(status: bytes) -> None:
    """Python gives up on what is nested too deeply; the answer has no release, or no message."""

    def talk(caller: socket.socket) -> None:
        body = b"[" * 200_000
        caller.sendall(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))

    with talking(talk) as url:
        report = probe(Probe(url, window=0, in_a_row=1))
    assert report.healthy is (status == b"200 OK")
