"""The machine's set-up, once there is a virtual environment: ``python -m deployments.setup [WHAT]``."""

import argparse
import sys

from deployments.setup.cli_config import terraform_cli_config
from deployments.setup.engine import ensure_engine, stop_engine
from deployments.setup.terraform import ensure_terraform
from pipeline.errors import PipelineError


def main(arguments: list[str] | None = None) -> int:
    """Make sure of the tools that are asked for (all by default); returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deployments.setup", description=__doc__)
    parser.add_argument("what", nargs="?", choices=["all", "tools", "engine", "stop-engine"], default="all")
    what = parser.parse_args(arguments).what
    try:
        _run(what)
    except PipelineError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the command's answer
        return 1
    return 0


def _run(what: str) -> None:
    if what == "stop-engine":
        stop_engine()
    if what in {"all", "tools"}:
        ensure_terraform()
        terraform_cli_config()
    if what in {"all", "engine"}:
        ensure_engine()


if __name__ == "__main__":
    sys.exit(main())
