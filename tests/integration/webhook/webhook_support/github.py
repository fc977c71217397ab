"""A GitHub that takes deployments and their statuses."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


class GitHub:
    """Listens on a free port and keeps what it was told."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()

    def statuses(self, commit: str) -> list[tuple[str, str]]:
        """Return states and environments sent since the deployment of the commit was made."""
        seen = [index for index, (_, body) in enumerate(self.calls) if body.get("ref") == commit]
        later = self.calls[seen[0] :] if seen else []
        return [(body["state"], body["environment"]) for _, body in later if "state" in body]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        calls = self.calls

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                calls.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
                answer = b'{"id": 7}'
                self.send_response(201)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        return Handler
