"""What the tests around Terraform share besides fixtures."""

import shutil
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from pipeline.aws import AwsAccess
from pipeline.state import StateHome
from pipeline.terraform import BackendConfig, Workspace

FIXTURES = Path(__file__).with_name("terraform_fixtures")
REGION = "af-south-1"
BUCKET, TABLE = "fixture-terraform-state", "fixture-terraform-lock"
SECRET_KEY = "made-up-secret-key"

Opener = Callable[..., AbstractContextManager[Workspace]]


def make_home(access: AwsAccess, name: str) -> StateHome:
    """Return the home of a state in the shared backend."""
    return StateHome(access, BackendConfig(BUCKET, f"{name}/terraform.tfstate", REGION, TABLE, True), name)


def copy_module(fixture: str, folder: Path) -> Path:
    """Copy a fixture module once, so that nothing is written into the project."""
    module = folder / fixture
    if not module.exists():
        shutil.copytree(FIXTURES / fixture, module)
    return module


def eventually(condition: Callable[[], bool], what: str, seconds: float = 30) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        threading.Event().wait(0.1)
