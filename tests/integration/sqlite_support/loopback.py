"""A tiny S3 on the loopback: keeps what is PUT, answers GET with ranges, and misbehaves on demand."""

import hashlib
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Fault = Callable[[int], str | None]
"""From the number of the request to a path (1, 2, ...) to a fault: see ``Handler``."""


@dataclass
class Loopback:
    """What the server holds and has seen."""

    port: int = 0
    objects: dict[str, bytes] = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)
    """By pattern of the path."""
    requests: list[tuple[str, str]] = field(default_factory=list)
    offsets: list[tuple[str, int]] = field(default_factory=list)
    """From which byte on each GET asked for a path."""
    busiest: int = 0
    reached: threading.Event = field(default_factory=threading.Event)
    """Set when a request with the fault "hang" has come."""
    release: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    active: int = 0

    def url(self, path: str) -> str:
        """Return a URL with a signature that must not be seen anywhere."""
        return f"http://127.0.0.1:{self.port}{path}?X-Amz-Signature=SECRET"

    def fault(self, method: str, path: str) -> str | None:
        """Return what is to go wrong with this request."""
        with self.lock:
            self.requests.append((method, path))
            number = self.requests.count((method, path))
        found = next((item for pattern, item in self.faults.items() if re.search(pattern, path)), None)
        return found(number) if found else None


def always(fault: str) -> Fault:
    """Go wrong every time."""
    return lambda _: fault


def first(count: int, fault: str) -> Fault:
    """Go wrong the first ``count`` times."""
    return lambda number: fault if number <= count else None


@contextmanager
def serving() -> Iterator[Loopback]:
    """Serve on a free port of the loopback."""
    state = Loopback()
    handler = type("Bound", (Handler,), {"state": state})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.release.set()
        server.shutdown()
        server.server_close()


class Handler(BaseHTTPRequestHandler):
    """Faults: a status, "cut" (close half-way), "wrong-etag", "damage" (other bytes), "hang"."""

    protocol_version = "HTTP/1.1"
    state: Loopback

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Stay silent."""

    def do_PUT(self) -> None:
        """Keep the body under its path."""
        path = self.path.partition("?")[0]
        with self.state.lock:
            self.state.active += 1
            self.state.busiest = max(self.state.busiest, self.state.active)
        try:
            self._put(path, self.state.fault("PUT", path))
        finally:
            with self.state.lock:
                self.state.active -= 1

    def _put(self, path: str, fault: str | None) -> None:
        length = int(self.headers["Content-Length"])
        if fault == "cut":
            self.rfile.read(length // 2)
            self._hang_up()
            return
        body = self.rfile.read(length)
        if fault == "hang":
            self.state.reached.set()
            self.state.release.wait()
        if fault is not None and fault.isdigit():
            self._answer(int(fault), b"<Error><Code>Whatever</Code></Error>")
            return
        self.state.objects[path] = body
        digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
        self._answer(200, b"", {"ETag": f'"{"0" * 32 if fault == "wrong-etag" else digest}"'})

    def do_GET(self) -> None:
        """Answer with the object, or with what follows an offset."""
        path = self.path.partition("?")[0]
        fault = self.state.fault("GET", path)
        body = self.state.objects.get(path)
        if body is None or (fault is not None and fault.isdigit()):
            self._answer(int(fault) if fault else 404, b"<Error><Code>NoSuchKey</Code></Error>")
            return
        if fault == "damage":
            body = body[:-1] + bytes([body[-1] ^ 1])
        offset = int(self.headers.get("Range", "bytes=0-")[6:-1])
        self.state.offsets.append((path, offset))
        if fault == "cut":
            self.send_response(206 if offset else 200)
            self.send_header("Content-Length", str(len(body) - offset))
            self.end_headers()
            self.wfile.write(body[offset : offset + (len(body) - offset) // 2])
            self._hang_up()
            return
        if fault == "hang":
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            self.state.reached.set()
            self.state.release.wait()
            self._hang_up()
            return
        self._answer(206 if offset else 200, body[offset:])

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)
