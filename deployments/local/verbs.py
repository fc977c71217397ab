"""Verbs for this machine: the local stack, tools and images."""

import json as documents
import os
import sys
import time
from dataclasses import asdict
from functools import partial
from typing import Annotated, Literal

from cyclopts import Parameter

from deployments.cli.declared import Json
from deployments.cli.server import enter_stack
from deployments.image import PIPELINE_IMAGE

Engine = Annotated[bool, Parameter(negative="", help="stop the Docker engine, too, that the set-up started")]
Flag = Annotated[bool, Parameter(negative="")]


def demo() -> None:
    """Carry the sample application through the whole pipeline on this machine."""
    from deployments.local.base_image import ensure_base_image
    from deployments.local.stack import folders
    from deployments.local.stack.settings import Settings

    folders.prepare(Settings.read())
    enter_stack()
    os.environ["BASE_IMAGE"] = ensure_base_image()
    from deployments.local.demo import run_demo

    run_demo()


def up(*, json: Json = False) -> None:
    """Start the local stack: emulated AWS, Prefect server, worker, webhook receiver."""
    from deployments.local.stack import commands
    from deployments.local.stack.settings import Settings

    settings, began = Settings.read(), time.monotonic()
    commands.up(settings, _print)
    _print(f"The local stack is up ({time.monotonic() - began:.1f} s).")
    report(json)


def down(*, engine: Engine = False) -> None:
    """Stop what up or demo started; the state stays."""
    from deployments.local.stack import commands
    from deployments.local.stack.settings import Settings

    commands.down(Settings.read(), _print)
    _stopped(engine)


def clean(*, engine: Engine = False) -> None:
    """Stop everything and remove the local stack's state."""
    from deployments.local.stack import commands
    from deployments.local.stack.settings import Settings

    commands.clean(Settings.read(), _print)
    _stopped(engine)


def setup(what: Literal["all", "tools", "engine"] = "all", /) -> None:
    """Make sure of a Docker engine, of Terraform and of its AWS provider.

    Args:
        what: tools are Terraform and its provider.
    """
    from deployments.local.setup.terraform import ensure_terraform, terraform_cli_config
    from deployments.local.stack.engine import ensure_engine

    if what != "engine":
        ensure_terraform()
        terraform_cli_config()
    if what != "tools":
        ensure_engine()


def image(*, tag: str = PIPELINE_IMAGE, machine_terraform: Flag = False) -> None:
    """Build the pipeline's own image and print its reference.

    Args:
        tag: reference of the image.
        machine_terraform: take the Terraform of this machine instead of fetching the pinned release.
    """
    from deployments.local.pipeline_image import build_pipeline_image, terraform_image
    from pipeline.image.engine import connect
    from pipeline.image.request import BuildEvent

    def show(event: BuildEvent) -> None:
        if event.kind == "step":
            _print(event.text)

    client = connect()
    given = terraform_image(client) if machine_terraform else None
    print(build_pipeline_image(client, tag, terraform=given, report=show).image)


def base_image() -> None:
    """Make sure of the image that applications are built on, and print its reference."""
    from deployments.local.base_image import ensure_base_image

    print(ensure_base_image(report=partial(print, file=sys.stderr)))


def check_terraform(*, format: Flag = False) -> int:  # noqa: A002 - the option's name
    """Check Terraform's files as the lint does.

    Args:
        format: format them instead.
    """
    from deployments.local.setup.check_terraform import check, reformat

    return reformat() if format else check()


def pythons(*arguments: str) -> int:
    """Run pytest on every supported Python of the machine.

    Args:
        arguments: pytest's, after --.
    """
    from deployments.local.setup.interpreters import check_all

    return check_all(arguments)


def report(as_json: bool) -> int:
    """Say how the local stack's processes are; 3 where not all are ready."""
    from deployments.local.stack import commands
    from deployments.local.stack.secrets import show_password
    from deployments.local.stack.settings import Settings

    settings = Settings.read()
    states = commands.status(settings)
    if as_json:
        document = {
            "processes": [asdict(state) for state in states],
            "aws_url": settings.aws_url,
            "prefect_url": settings.prefect_url,
            "state": str(settings.state),
        }
        print(documents.dumps(document, indent=2))
    else:
        for state in states:
            place = f"port {state.port}" if state.port else ""
            print(f"  {state.name:<10} {state.state:<9} {place:<11} {state.log}")
        print(f"  Prefect: {settings.prefect_url}   AWS: {settings.aws_url}")
        print(f"  The UI asks for a password; this shows it: {show_password(settings)}")
    return 0 if all(state.state == "ready" for state in states) else 3


def _stopped(engine: bool) -> None:
    _print("Nothing of the local stack is running.")
    if engine:
        from deployments.local.stack.engine import stop_engine

        stop_engine()


def _print(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
