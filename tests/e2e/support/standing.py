"""Puts up a house: a stack on which flow runs have built infrastructure and deployed a release."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prefect.client.orchestration import SyncPrefectClient
from stack_commands import Stack
from support.application import SAMPLE, Application
from support.house import House
from support.images import remove_images
from support.settings import stack_settings

from deployments.local.base_image import ensure_base_image
from deployments.local.stack.environment import child_environment
from deployments.local.stack.folders import prepare
from deployments.local.stack.secrets import PREFECT_PASSWORD, read
from deployments.paths import PROJECT

CALLS = "calls.jsonl"
RECORDER = PROJECT / "tests/support/recorder"
SET_UP = ("bootstrap-state", "deploy-infrastructure", "sync-secrets", "deploy-application")


@contextmanager
def standing_house(folder: Path, ports: tuple[int, int, int]) -> Iterator[House]:
    """Put it up in ``folder``; in the end it is down and gone, the folder's own files excepted."""
    application = Application(folder / "source")
    application.copy()
    made = _stack(folder, application, ports)
    try:
        made.up()
        api, password = f"{made.settings.prefect_url}/api", read(made.settings, PREFECT_PASSWORD)
        with _images_removed(made), SyncPrefectClient(api, auth_string=password) as client:
            house = House(made, application, client, folder / CALLS)
            house.register()
            house.use_own_key()
            for flow in SET_UP:
                house.complete(flow)
            yield house
    finally:
        done = made.run("clean")
        assert done.returncode == 0, done.stderr


@contextmanager
def _images_removed(made: Stack) -> Iterator[None]:
    """Remove the images in the end: only where the stack came up, else the port is somebody else's."""
    try:
        yield
    finally:
        remove_images(made.settings.aws_port)


def _stack(folder: Path, application: Application, ports: tuple[int, int, int]) -> Stack:
    """A stack whose local environment takes the application from the copy."""
    text = (PROJECT / "deployments/environments.toml").read_text(encoding="utf-8")
    sample = str(SAMPLE.relative_to(PROJECT))
    assert sample in text
    described = folder / "environments.toml"
    described.write_text(text.replace(sample, str(application.folder)), encoding="utf-8")
    settings = stack_settings(folder / "state", *ports)
    prepare(settings)  # makes the password that the environment holds
    variables = child_environment(settings) | {
        "VIMBISO_CALLS": str(folder / CALLS),
        "PYTHONPATH": os.pathsep.join([str(RECORDER), *filter(None, [os.environ.get("PYTHONPATH")])]),
        "VIMBISO_ENVIRONMENTS": str(described),
        "BASE_IMAGE": ensure_base_image(),
    }
    return Stack(settings, variables)
