"""An HTTP proxy in front of the emulator that does to some requests what AWS and networks do at times."""

import http.client
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Request:
    """What the decision sees."""

    method: str
    path: str
    target: str
    """``X-Amz-Target`` of the JSON services, "" for others."""
    body: bytes
    service: str = ""
    """The service that the request was signed for, "" where it was not signed in a header."""

    @property
    def operation(self) -> str:
        """The API's operation, as far as the request names it; the HTTP method for S3."""
        if self.target:
            return self.target.rpartition(".")[2]
        found = re.search(rb"(?:^|&)Action=(\w+)", self.body)
        return found[1].decode() if found else self.method


class Damage(Enum):
    """What happens to an answer that the emulator has given: the work is done, its caller may not know."""

    LOST = "lost"
    """The connection ends without an answer."""
    RESET = "reset"
    """The connection is reset."""
    TRUNCATED = "truncated"
    """The body ends in the middle."""


@dataclass(frozen=True)
class Fault:
    """What to do to a request. With ``status`` the emulator is not asked; the answer is this one."""

    status: int = 0
    body: str = ""
    damage: Damage | None = None
    seconds: float = 0
    """How long to wait before anything else."""


Decide = Callable[[Request], Fault | None]
Told = Callable[[Request, float, float], None]
"""Called after each request with the times of day at which it came and was answered."""

_HOP_BY_HOP = frozenset({"transfer-encoding", "content-length", "connection", "date", "server"})
_SCOPE = re.compile(r"Credential=[^/]+/\d+/[^/]*/([^/]+)/aws4_request")
_RESET = struct.pack("ii", 1, 0)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    port: int
    decide: Decide
    told: Told

    def do_POST(self) -> None:
        began, body = time.time(), self._body()
        request = self._request(body)
        self._treat(body, self.decide(request) or Fault())
        self.told(request, began, time.time())

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST  # noqa: N815 - names of http.server

    def _treat(self, body: bytes, fault: Fault) -> None:
        time.sleep(fault.seconds)
        if fault.status:
            self._answer(fault.status, {}, fault.body.encode())
            return
        answer = self._forward(body)
        if fault.damage:
            self._damage(fault.damage, *answer)
        else:
            self._answer(*answer)

    def _request(self, body: bytes) -> Request:
        scope = _SCOPE.search(self.headers.get("Authorization", ""))
        target = self.headers.get("X-Amz-Target", "")
        return Request(self.command, self.path, target, body, scope[1] if scope else "")

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _forward(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("localhost", self.port, timeout=30)
        connection.request(self.command, self.path, body, dict(self.headers))
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, dict(answer.getheaders()), content

    def _damage(self, damage: Damage, status: int, headers: dict[str, str], body: bytes) -> None:
        self.close_connection = True
        if damage is Damage.TRUNCATED:
            self._answer(status, headers, body, body[: len(body) // 2])
        elif damage is Damage.RESET:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.connection.close()
            return
        self.connection.shutdown(socket.SHUT_RDWR)

    def _answer(self, status: int, headers: dict[str, str], body: bytes, sent: bytes | None = None) -> None:
        kept = {key: value for key, value in headers.items() if key.lower() not in _HOP_BY_HOP}
        length = headers.get("Content-Length", "0") if self.command == "HEAD" else str(len(body))
        self.send_response(status)
        for key, value in {**kept, "Content-Length": length}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body if sent is None else sent)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@contextmanager
def faulty(port: int, decide: Decide, told: Told = lambda *_: None) -> Iterator[str]:
    """Serve on a free port what the emulator on ``port`` answers, except where ``decide`` says otherwise."""
    functions = {"decide": staticmethod(decide), "told": staticmethod(told)}
    handler = type("Handler", (_Handler,), {"port": port, **functions})
    server = ThreadingHTTPServer(("localhost", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
