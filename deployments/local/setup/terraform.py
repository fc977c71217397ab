"""Finds a Terraform that serves, or fetches the pinned release into the project's tools folder."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from deployments.local.setup.paths import TOOLS, SetupError
from deployments.local.setup.release import fetch_terraform
from deployments.local.setup.versions import RELEASES, is_good, platform_name

FETCHED = TOOLS / "bin/terraform"


def terraform_binary() -> Path:
    """Return the Terraform to use: the fetched one, else the first in PATH that is new enough.

    Raises:
        SetupError: neither is there; ``make setup`` fetches it.
    """
    found = _find()
    if found is None:
        raise SetupError("No Terraform >= 1.10 in PATH nor in .tools/bin. Type: make setup")
    return found


def ensure_terraform(target: Path = FETCHED) -> Path:
    """Return the Terraform to use, fetching the pinned release to ``target`` where there is none."""
    found = _find(target)
    if found is not None:
        return found
    base = os.environ.get("TERRAFORM_RELEASES_URL") or RELEASES
    print(f"Fetching Terraform from {base} ...", flush=True)
    return fetch_terraform(base, platform_name(), target)


def _find(fetched: Path = FETCHED) -> Path | None:
    return next((path for path in _candidates(fetched) if is_good(_version(path))), None)


def _candidates(fetched: Path) -> Iterator[Path]:
    if fetched.exists():
        yield fetched
    in_path = shutil.which("terraform")
    if in_path:
        yield Path(in_path)


def _version(path: Path) -> str:
    """Ask the executable itself; without the look-up of newer releases, which needs the network."""
    environment = {**os.environ, "CHECKPOINT_DISABLE": "1"}
    environment.pop("TF_CLI_CONFIG_FILE", None)
    try:
        done = subprocess.run(  # noqa: S603 - a path found by us
            [path, "version"], capture_output=True, text=True, timeout=20, check=False, env=environment
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout
