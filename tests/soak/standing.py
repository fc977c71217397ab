"""Puts up the stack of the soak: everything on it, and its application, lives by the moved clock."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from prefect.client.orchestration import SyncPrefectClient
from soak.moved import IN_THE_IMAGE, MovedClock
from stack_commands import Stack, free_ports
from support.application import SAMPLE, Application
from support.house import House
from support.images import remove_images
from support.settings import stack_settings

from deployments.local.base_image import ensure_base_image
from deployments.local.stack.environment import child_environment
from deployments.local.stack.folders import prepare
from deployments.local.stack.secrets import PREFECT_PASSWORD, read
from deployments.paths import PROJECT

_FIRST_PORT = 4800
_TRIES, _PATIENCE = 5, 3600
_SET_UP = ("bootstrap-state", "deploy-infrastructure", "sync-secrets", "deploy-application")
_SOAK, _SHORT = "soak = 5", "soak = 1"


class MovedApplication(Application):
    """The sample application, whose containers have the moved clock."""

    def change(self, fault: str = "", command: str = "", migration: str = "") -> str:
        """Make the next release."""
        name = super().change(fault, command, migration)
        with (self.folder / "Dockerfile").open("a") as file:
            file.write(IN_THE_IMAGE)
        return name


@contextmanager
def standing(clock: MovedClock) -> Iterator[House]:
    """Put it up below the clock's folder; in the end it is down, and its images are gone."""
    application = MovedApplication(clock.folder / "source")
    application.copy()
    stack = _stack(clock.folder, application)
    try:
        _up(stack)
        api, password = f"{stack.settings.prefect_url}/api", read(stack.settings, PREFECT_PASSWORD)
        with SyncPrefectClient(api, auth_string=password) as client:
            house = House(stack, application, client, clock.folder / "calls.jsonl")
            _register(stack)
            house.use_own_key()
            clock.enter(application.folder, stack.settings.state / "data")
            application.change()
            for flow in _SET_UP:
                run = house.end(house.start(flow), _PATIENCE)
                assert run.state_name == "Completed", house.log(run.id)[-40:]
            yield house
    finally:
        _clean(stack)
        remove_images(stack.settings.aws_port)


def _up(stack: Stack) -> None:
    """Bring it up; on a busy machine try again what was not ready in time."""
    for _ in range(_TRIES - 1):
        if stack.run("up").returncode == 0:
            return
    stack.up()


def _clean(stack: Stack) -> None:
    """Remove everything; on a busy machine, try again what ran out of time."""
    for _ in range(_TRIES):
        with suppress(subprocess.TimeoutExpired):
            stack.run("clean")
            return


def _register(stack: Stack) -> None:
    """Write blocks and deployments, as `make register` does."""
    command = [sys.executable, "-m", "deployments", "register", "local"]
    subprocess.run(command, env=dict(stack.variables), check=True, timeout=_PATIENCE)


def _stack(folder: Path, application: Application) -> Stack:
    described = folder / "environments.toml"
    text = (PROJECT / "deployments/environments.toml").read_text(encoding="utf-8")
    sample = str(SAMPLE.relative_to(PROJECT))
    assert sample in text
    assert _SOAK in text
    described.write_text(
        text.replace(sample, str(application.folder)).replace(_SOAK, _SHORT), encoding="utf-8"
    )
    settings = stack_settings(folder / "state", *free_ports(_FIRST_PORT))
    prepare(settings)
    own = {"VIMBISO_ENVIRONMENTS": str(described), "BASE_IMAGE": ensure_base_image()}
    return Stack(settings, {**os.environ, **child_environment(settings), **own})
