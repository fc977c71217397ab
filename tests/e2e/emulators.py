"""moto as a server, for services that MiniStack lacks, or reads back wrongly."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from support.fault_proxy import Fault, Request, faulty
from support.ports import free_port

_START = 240.0


@contextmanager
def moto(logs: Path) -> Iterator[str]:
    """Run moto's server and yield its URL."""
    port, log = free_port(), logs / "moto.log"
    url = f"http://localhost:{port}"
    with log.open("w") as output:
        command = [sys.executable, "-m", "moto.server", "-p", str(port)]
        environment = {**os.environ, "MOTO_ACCOUNT_ID": "000000000000"}  # MiniStack's
        child = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)
        try:
            _wait(child, f"{url}/moto-api/", log)
            yield url
        finally:
            child.terminate()
            child.wait(timeout=240)


@contextmanager
def with_target_tags(url: str) -> Iterator[str]:
    """Serve moto with the tags of scalable targets, which it does not keep; yield the URL."""
    tags: dict[str, str] = {}

    def decide(request: Request) -> Fault | None:
        if request.operation == "ListTagsForResource":
            return Fault(200, json.dumps({"Tags": tags}))
        if request.operation == "RegisterScalableTarget":
            tags.update(json.loads(request.body).get("Tags", {}))
        return None

    with faulty(int(url.rpartition(":")[2]), decide) as proxy:
        yield proxy


@contextmanager
def without_keys(url: str) -> Iterator[str]:
    """Serve MiniStack with an answer to AssociateKmsKey, which it lacks; yield the URL."""

    def decide(request: Request) -> Fault | None:
        return Fault(200, "{}") if request.operation == "AssociateKmsKey" else None

    with faulty(int(url.rpartition(":")[2]), decide) as proxy:
        yield proxy


def _wait(child: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + _START
    while time.monotonic() < deadline:
        assert child.poll() is None, log.read_text()
        try:
            if httpx.get(url, timeout=30).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.2)  # between two looks
    raise AssertionError(f"{url} did not answer within {_START:.0f} s:\n{log.read_text()}")
