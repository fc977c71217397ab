"""What the tests around Terraform share besides fixtures."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from pipeline.aws.access import AwsAccess
from pipeline.state.backend import StateBackend
from pipeline.terraform.backend import BackendConfig
from pipeline.terraform.workspace import Workspace

FIXTURES = Path(__file__).with_name("terraform_fixtures")
REGION = "af-south-1"
BUCKET, TABLE = "fixture-terraform-state", "fixture-terraform-lock"
SECRET_KEY = "made-up-secret-key"

Opener = Callable[..., AbstractContextManager[Workspace]]


def make_home(access: AwsAccess, name: str) -> StateBackend:
    """Return the home of a state in the shared backend."""
    return StateBackend(access, BackendConfig(BUCKET, f"{name}/terraform.tfstate", REGION, TABLE, True), name)


def copy_module(fixture: str, folder: Path) -> Path:
    """Copy a fixture module once, so that nothing is written into the project."""
    module = folder / fixture
    if not module.exists():
        shutil.copytree(FIXTURES / fixture, module)
    return module


@contextmanager
def process_run(
    module: Path, home: StateBackend, cli_config: Path | None, **variables: Any
) -> Iterator["subprocess.Popen[str]"]:
    """Apply a module in a process of its own; its folders are beside the module."""
    settings = {
        "module": str(module),
        "endpoint": home.access.endpoint_url,
        "region": REGION,
        "base": str(module.parent / "runs"),
        "backend": home.backend.__dict__,
        "environment": home.environment,
        "cli_config": str(cli_config or ""),
        "variables": variables,
    }
    argv = [sys.executable, FIXTURES / "apply_slowly.py", json.dumps(settings)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def kill_all(run: "subprocess.Popen[str]", folder: Path) -> None:
    """SIGKILL a run and its Terraform, and let neither see the other's end."""
    run.send_signal(signal.SIGSTOP)
    kill_terraform(folder)
    run.kill()
    run.wait()


def kill_terraform(folder: Path) -> None:
    """SIGKILL the Terraform that works in one of the folders, and its providers."""
    for entry in Path("/proc").iterdir():
        if (
            entry.name.isdigit()
            and str(folder) in _environment(entry)
            and _name(entry).startswith("terraform")
        ):
            os.kill(int(entry.name), signal.SIGKILL)


def _environment(entry: Path) -> str:
    try:
        return (entry / "environ").read_bytes().decode(errors="replace")
    except OSError:
        return ""


def _name(entry: Path) -> str:
    try:
        return (entry / "comm").read_text().strip()
    except OSError:
        return ""


def eventually(condition: Callable[[], bool], what: str, seconds: float = 240) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        threading.Event().wait(0.1)
