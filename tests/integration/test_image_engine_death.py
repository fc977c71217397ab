"""A Docker engine that dies at work, as seen from its client: the connection breaks off amid the answer."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import docker
import pytest
from tenacity import wait_none

from pipeline.image.build import build_image
from pipeline.image.push import Login, push_image
from pipeline.image.request import BuildError, BuildEvent, BuildRequest, PushInterruptedError

_DIGEST = "sha256:" + "a" * 64


class _Handler(BaseHTTPRequestHandler):
    """Speaks as much of the engine's API as a build and a push ask for."""

    protocol_version = "HTTP/1.1"
    server: "FakeEngine"

    def do_GET(self) -> None:
        """Tell the version."""
        body = json.dumps({"ApiVersion": "1.41", "Version": "20.10"}).encode()
        self._begin(len(body))
        self.wfile.write(body)

    def do_POST(self) -> None:
        """Begin to answer; where the engine is to die, break off."""
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                self.rfile.read(size + 2)
            self.rfile.readline()
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        dying = self.server.deaths > 0
        self.server.deaths -= dying
        self._begin(None)
        self._chunk({"stream": "Step 1/1 : FROM scratch\n", "status": "Pushing", "id": "layer"})
        if not dying:
            self._chunk({"aux": {"Digest": _DIGEST}})
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _begin(self, length: int | None) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        how = ("Transfer-Encoding", "chunked") if length is None else ("Content-Length", str(length))
        self.send_header(*how)
        self.end_headers()

    def _chunk(self, message: dict[str, object]) -> None:
        body = json.dumps(message).encode()
        self.wfile.write(f"{len(body):x}\r\n".encode() + body + b"\r\n")


class FakeEngine(ThreadingHTTPServer):
    """Dies amid so many answers, and is there again for the next."""

    deaths = 1

    def client(self) -> docker.DockerClient:
        """Return Docker's own client of it."""
        return docker.DockerClient(base_url=f"tcp://127.0.0.1:{self.server_port}", version="1.41", timeout=10)


@pytest.fixture
def engine() -> Iterator[FakeEngine]:
    """An engine that dies once."""
    with FakeEngine(("127.0.0.1", 0), _Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_an_engine_that_dies_during_a_build_is_named(engine: FakeEngine, tmp_path: Path) -> None:
    """The error says at which step, and to look at the engine."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    seen: list[BuildEvent] = []
    with pytest.raises(BuildError, match=r"Check that the Docker engine runs.*\n.*failed at step 1/1"):
        build_image(engine.client(), BuildRequest(tmp_path, "app:1"), seen.append)
    assert seen


def test_a_push_outlives_the_death_of_its_engine(engine: FakeEngine) -> None:
    """Once the engine is back, the next attempt succeeds."""
    seen: list[str] = []
    found = push_image(engine.client(), "host/app:1", lambda: Login("x", "x"), seen.append, wait_none())
    assert found == _DIGEST
    assert engine.deaths == 0


def test_an_engine_that_stays_dead_ends_the_push(engine: FakeEngine) -> None:
    """After four attempts the error says that another run may succeed."""
    engine.deaths = 99
    with pytest.raises(PushInterruptedError, match="Run again"):
        push_image(engine.client(), "host/app:1", lambda: Login("x", "x"), wait=wait_none())
    assert engine.deaths == 95
