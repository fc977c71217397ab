"""A registry's blobs, as an emulator keeps them in ECR's place."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from support.http_serving import serving_http


class _Handler(BaseHTTPRequestHandler):
    blobs: dict[str, bytes]

    def do_GET(self) -> None:
        body = self.blobs.get(self.path.rpartition("/")[2])
        self._answer(404 if body is None else 200, body or b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        if parse_qs(urlsplit(self.path).query)["digest"] != [digest]:
            self._answer(400, b"")
            return
        self.blobs[digest] = body
        self._answer(201, b"")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def blob_registry() -> Iterator[tuple[str, dict[str, bytes]]]:
    """Serve blobs; give the registry's host, and what it holds by digest."""
    blobs: dict[str, bytes] = {}
    with serving_http(type("Blobs", (_Handler,), {"blobs": blobs})) as host:
        yield host, blobs
