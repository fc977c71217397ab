"""Fetches the pinned Terraform for an image: ``python -m deployments.setup.fetch TARGET``."""

import argparse
import os
import sys
from pathlib import Path

from deployments.setup.errors import SetupError
from deployments.setup.release import fetch_terraform
from deployments.setup.versions import RELEASES, platform_name


def main(arguments: list[str] | None = None) -> int:
    """Fetch it, checked by its checksums; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deployments.setup.fetch", description=__doc__)
    parser.add_argument("target", type=Path)
    target = parser.parse_args(arguments).target
    base = os.environ.get("TERRAFORM_RELEASES_URL") or RELEASES
    try:
        fetch_terraform(base, platform_name(), target)
    except SetupError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the command's answer
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
