"""Fetches the pinned Terraform to the path that is given; needs no package, for the image's build."""

import os
import sys
from pathlib import Path

from deployments.local.setup.paths import SetupError
from deployments.local.setup.release import RELEASES, fetch_terraform, platform_name

if __name__ == "__main__":
    base = os.environ.get("TERRAFORM_RELEASES_URL") or RELEASES
    try:
        fetch_terraform(base, platform_name(), Path(sys.argv[1]))
    except SetupError as error:
        sys.exit(str(error))
