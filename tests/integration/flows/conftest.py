"""A Prefect server for all flows, AWS in this process, and one environment for each test."""

import importlib
import os
import pkgutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flow_runs import Runs
from prefect import settings
from prefect.client.orchestration import get_client
from prefect.settings import temporary_settings
from support.account import moto
from support.ports import free_port
from support.prefect_home import wait_for_server
from support.serving import served
from support.world import World, world

import flows
from pipeline.delivery.model import GateSettings

MODULES = [importlib.import_module(f"flows.{item.name}") for item in pkgutil.iter_modules(flows.__path__)]


_SERVICES = (
    "event_persister",
    "late_runs",
    "pause_expirations",
    "scheduler",
    "task_run_recorder",
    "triggers",
)
"""Services of the server that answer no run: they would only keep it busy."""


@pytest.fixture(scope="session")
def server(prefect_home: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A Prefect server of our own."""
    home, port = tmp_path_factory.mktemp("flows"), free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    quiet = {f"PREFECT_SERVER_SERVICES_{name.upper()}_ENABLED": "false" for name in _SERVICES}
    variables = {**kept, **quiet, "PREFECT_HOME": str(prefect_home(home))}
    command = [sys.executable, "-m", "deployments", "stack", "server", "--port", str(port)]
    own = {
        settings.PREFECT_API_URL: f"http://127.0.0.1:{port}/api",
        settings.PREFECT_HOME: home,
        settings.PREFECT_LOGGING_TO_API_ENABLED: False,
    }
    with served(command, variables, home / "log"), temporary_settings(own):
        wait_for_server(f"http://127.0.0.1:{port}/api/health")
        yield


@pytest.fixture(scope="session")
def aws() -> Iterator[str]:
    """The address of AWS."""
    with moto() as url:
        yield url


@pytest.fixture
def runs(server: None) -> Iterator[Runs]:
    """Runs flows as a worker does, in this process."""
    with get_client(sync_client=True) as client:
        yield Runs(client)


@pytest.fixture
def place(aws: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Staging, which every flow is given in place of what its block says; the gates are in a hurry."""
    monkeypatch.setenv("VIMBISO_STATE", str(tmp_path / "state"))  # where Terraform's run folders lie
    hasty = GateSettings(window=2, soak=0.05, interval=0.1)
    monkeypatch.setattr("tasks.gates.GateSettings", lambda **_: hasty)
    monkeypatch.setattr("tasks.recovery.GateSettings", lambda **_: hasty)
    with world(aws, tmp_path) as made:
        for module in MODULES:
            if hasattr(module, "load_environment"):
                monkeypatch.setattr(module, "load_environment", lambda name, **_: made.live)
        monkeypatch.setattr("tasks.support.emit_event", made.hear)
        yield made
