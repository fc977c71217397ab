"""An emulator of AWS, a state backend in it, and workspaces on small modules."""

import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from terraform_support import BUCKET, REGION, SECRET_KEY, TABLE, Opener, copy_module, eventually, make_home

from deployments.setup.cli_config import terraform_cli_config
from pipeline.aws import AwsAccess
from pipeline.state import StateHome, bootstrap, lock_keeper
from pipeline.terraform import Limits, TerraformEvent, Workspace, open_workspace


@pytest.fixture(scope="session")
def emulator_port() -> Iterator[int]:
    """Run MiniStack for the session, on a free port: two on one port would share the requests."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "GATEWAY_PORT": str(port), "MINISTACK_REGION": REGION}
    program = Path(sys.executable).with_name("ministack")
    with subprocess.Popen(
        [program], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _wait_until_ready(process, f"http://localhost:{port}/_ministack/health")
            yield port
        finally:
            process.terminate()


def _wait_until_ready(process: "subprocess.Popen[bytes]", url: str) -> None:
    def is_ready() -> bool:
        assert process.poll() is None, "the emulator ended"
        try:
            urllib.request.urlopen(url, timeout=1).close()  # noqa: S310 - a loopback address
        except OSError:
            return False
        return True

    eventually(is_ready, "the emulator is ready", seconds=60)


@pytest.fixture(scope="session")
def access(emulator_port: int) -> AwsAccess:
    """Access to the emulator."""
    return AwsAccess(REGION, f"http://localhost:{emulator_port}", "made-up", SECRET_KEY)


@pytest.fixture(scope="session")
def state_backend(access: AwsAccess) -> tuple[str, str]:
    """The state bucket and the lock table."""
    bootstrap(access, BUCKET, TABLE)
    return BUCKET, TABLE


@pytest.fixture
def home(access: AwsAccess, state_backend: tuple[str, str]) -> StateHome:
    """A state that no other test uses."""
    return make_home(access, f"env-{uuid4().hex[:8]}")


@pytest.fixture(scope="session")
def cli_config() -> Path | None:
    """Where Terraform finds its provider."""
    return terraform_cli_config()


@pytest.fixture
def events() -> list[TerraformEvent]:
    """Everything that Terraform told in this test."""
    return []


@pytest.fixture
def opener(home: StateHome, tmp_path: Path, events: list[TerraformEvent], cli_config: Path | None) -> Opener:
    """Open workspaces on a copy of a fixture module; their private folders are in ``tmp_path/runs``."""

    def open_copy(fixture: str, **options: Any) -> AbstractContextManager[Workspace]:
        module = copy_module(fixture, tmp_path)
        given = {
            "label": "test",
            "on_event": events.append,
            "limits": Limits(timeout=60, interrupt_grace=20),
            "cli_config": cli_config,
            "base": tmp_path / "runs",
            "around": lock_keeper(home, "this-run"),
            **options,
        }
        return open_workspace(module, given.pop("access", home.access), **given)

    return open_copy
