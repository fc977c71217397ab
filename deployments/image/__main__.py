"""Builds the pipeline's own image: ``python -m deployments.image [--tag IMAGE] [--machine-terraform]``."""

import argparse
import sys

from deployments.image.build import PIPELINE_IMAGE, build_pipeline_image
from deployments.image.terraform import terraform_image
from pipeline.errors import PipelineError
from pipeline.image.engine import connect
from pipeline.image.request import BuildEvent


def main(arguments: list[str] | None = None) -> int:
    """Build it and print its reference; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deployments.image", description=__doc__)
    parser.add_argument("--tag", default=PIPELINE_IMAGE, help="reference of the image")
    parser.add_argument(
        "--machine-terraform",
        action="store_true",
        help="take the Terraform of this machine instead of fetching the pinned release",
    )
    options = parser.parse_args(arguments)
    try:
        client = connect()
        given = terraform_image(client) if options.machine_terraform else None
        built = build_pipeline_image(client, options.tag, terraform=given, report=_show)
    except PipelineError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the command's answer
        return 1
    print(built.image)  # noqa: T201 - the command's answer
    return 0


def _show(event: BuildEvent) -> None:
    if event.kind == "step":
        print(event.text, file=sys.stderr, flush=True)  # noqa: T201 - a person waits for this


if __name__ == "__main__":
    sys.exit(main())
