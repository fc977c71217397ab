"""An emulator of AWS, a state backend in it, and workspaces on small modules."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from support.ministack import ministack
from support.ports import free_port
from terraform_support import BUCKET, SECRET_KEY, TABLE, Opener, copy_module, make_home

from deployments.local.setup.terraform import terraform_cli_config
from pipeline.aws.access import AwsAccess
from pipeline.state.backend import StateBackend
from pipeline.state.bucket import bootstrap
from pipeline.state.unlock import lock_keeper
from pipeline.terraform.events import TerraformEvent
from pipeline.terraform.process import TimeLimits
from pipeline.terraform.workspace import Workspace, open_workspace


@pytest.fixture(scope="session")
def emulator_port() -> int:
    """A free port: two emulators on one would share the requests."""
    return free_port()


@pytest.fixture(scope="session")
def access(emulator_port: int) -> Iterator[AwsAccess]:
    """Access to an emulator of the session's own."""
    with ministack(emulator_port, SECRET_KEY) as found:
        yield found


@pytest.fixture(scope="session")
def state_backend(access: AwsAccess) -> tuple[str, str]:
    """The state bucket and the lock table."""
    bootstrap(access, BUCKET, TABLE)
    return BUCKET, TABLE


@pytest.fixture
def home(access: AwsAccess, state_backend: tuple[str, str]) -> StateBackend:
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
def opener(
    home: StateBackend, tmp_path: Path, events: list[TerraformEvent], cli_config: Path | None
) -> Opener:
    """Open workspaces on a copy of a fixture module; their private folders are in ``tmp_path/runs``."""

    def open_copy(fixture: str, **options: Any) -> AbstractContextManager[Workspace]:
        module = copy_module(fixture, tmp_path)
        given = {
            "label": "test",
            "on_event": events.append,
            "limits": TimeLimits(timeout=300, interrupt_grace=60),
            "cli_config": cli_config,
            "base": tmp_path / "runs",
            "hook": lock_keeper(home, "this-run"),
            **options,
        }
        return open_workspace(module, given.pop("access", home.access), **given)

    return open_copy
