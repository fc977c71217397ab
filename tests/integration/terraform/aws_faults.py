"""An HTTP proxy in front of the emulator that answers some requests with errors."""

import http.client
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Request:
    """What the decision sees."""

    method: str
    path: str
    target: str
    body: bytes


@dataclass(frozen=True)
class Fault:
    """What to do instead of answering; ``status`` 0 lets the request through and loses the answer."""

    status: int
    body: str = ""


Decide = Callable[[Request], Fault | None]

_HOP_BY_HOP = frozenset({"transfer-encoding", "content-length", "connection", "date", "server"})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    port: int
    decide: Decide

    def do_POST(self) -> None:
        body = self._body()
        fault = self.decide(Request(self.command, self.path, self.headers.get("X-Amz-Target", ""), body))
        if fault and fault.status:
            self._answer(fault.status, {}, fault.body.encode())
            return
        answer = self._forward(body)
        if fault:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        else:
            self._answer(*answer)

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST  # noqa: N815 - names of http.server

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _forward(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("localhost", self.port, timeout=30)
        connection.request(self.command, self.path, body, dict(self.headers))
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, dict(answer.getheaders()), content

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        kept = {key: value for key, value in headers.items() if key.lower() not in _HOP_BY_HOP}
        length = headers.get("Content-Length", "0") if self.command == "HEAD" else str(len(body))
        self.send_response(status)
        for key, value in {**kept, "Content-Length": length}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@contextmanager
def faulty(port: int, decide: Decide) -> Iterator[str]:
    """Serve on a free port what the emulator on ``port`` answers, except where ``decide`` says otherwise."""
    handler = type("Handler", (_Handler,), {"port": port, "decide": staticmethod(decide)})
    server = ThreadingHTTPServer(("localhost", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
