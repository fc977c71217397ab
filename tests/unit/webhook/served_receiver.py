"""A receiver at a port, with the bounds on connections that it has without a proxy before it."""

import json
import socket
import threading
import time
from collections.abc import Callable

import httpx
import uvicorn
from receiver_in_process import Receiver

from deployments.webhook.app import SERVED
from deployments.webhook.reading import sign

FORM = "X-Signature-256: sha256=" + "0" * 64
HEAD = f"POST /webhooks/deploy HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n{FORM}\r\n"


class Served:
    """A receiver at a port of its own."""

    def __init__(self, make: Callable[[], Receiver]) -> None:
        """The thread that serves ``make``s it: SQLite keeps a connection to its thread."""
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = self.socket.getsockname()
        self.server: uvicorn.Server | None = None
        none = httpx.Limits(max_keepalive_connections=0)
        self._client = httpx.Client(base_url=self.url, limits=none, timeout=30, trust_env=False)
        self._thread = threading.Thread(target=self._serve, args=(make,))
        self._thread.start()
        until(lambda: self.server is not None and self.server.started)

    def _serve(self, make: Callable[[], Receiver]) -> None:
        self.server = uvicorn.Server(uvicorn.Config(make().app, lifespan="off", **SERVED))
        self.server.run([self.socket])

    def close(self) -> None:
        """Stop serving."""
        if self.server is not None:
            self.server.should_exit = True
        self._thread.join(60)
        self.socket.close()
        self._client.close()

    @property
    def url(self) -> str:
        """Where it is served."""
        return f"http://{self.address[0]}:{self.address[1]}"

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self.server.server_state.connections) if self.server is not None else 0

    def connect(self) -> socket.socket:
        """Open a connection."""
        return socket.create_connection(self.address, timeout=30)

    def deploys(self) -> int:
        """Send a good call; return the status."""
        call = {"environment": "local", "timestamp": time.time(), "nonce": f"{time.time_ns():020}"}
        body = json.dumps(call).encode()
        headers = {"Content-Type": "application/json", "X-Signature-256": sign(body, "word")}
        return self._client.post("/webhooks/deploy", content=body, headers=headers).status_code


def ended(connection: socket.socket) -> bytes:
    """Return what comes until the connection ends."""
    found = b""
    try:
        while part := connection.recv(4096):
            found += part
    except (ConnectionResetError, BrokenPipeError):
        pass
    return found


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until it is so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
