"""Checks Terraform's files as the lint does."""

import os
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from deployments.local.setup.terraform import terraform_binary, terraform_cli_config
from deployments.paths import PROJECT

_FOLDER = PROJECT / "terraform"


def roots(folder: Path) -> list[Path]:
    """Return the folders below ``folder`` (itself included) that are configurations of their own."""
    inside = {path.parent.relative_to(folder) for path in folder.rglob("*.tf")}
    return sorted(
        folder / place for place in inside if not {"modules", ".terraform", "tests"} & set(place.parts)
    )


def reformat() -> int:
    """Format the files; returns Terraform's exit code."""
    return _terraform(_FOLDER, "fmt", "-recursive")


def check() -> int:
    """Check the files' format and validity; returns the worst exit code."""
    return max([_terraform(_FOLDER, "fmt", "-check", "-diff", "-recursive"), *_validate(roots(_FOLDER))])


def _validate(folders: Iterable[Path]) -> list[int]:
    """Initialise without a backend and validate; in a data folder of its own, so nothing is left behind."""
    codes = []
    for folder in folders:
        with tempfile.TemporaryDirectory() as data:
            initialised = _terraform(folder, "init", "-backend=false", "-input=false", data=data, quiet=True)
            codes.append(initialised or _terraform(folder, "validate", data=data))
    return codes


def _terraform(folder: Path, *words: str, data: str = "", quiet: bool = False) -> int:
    print("terraform", *words, folder.relative_to(PROJECT), flush=True)
    done = subprocess.run(  # noqa: S603 - our own command
        [terraform_binary(), f"-chdir={folder}", *words],
        env=_environment(data),
        stdout=subprocess.DEVNULL if quiet else None,
        check=False,
    )
    return done.returncode


def _environment(data: str) -> dict[str, str]:
    variables = {name: value for name, value in os.environ.items() if name != "TF_CLI_CONFIG_FILE"}
    config = terraform_cli_config()
    if config:
        variables["TF_CLI_CONFIG_FILE"] = str(config)
    if data:
        variables["TF_DATA_DIR"] = data
    return {**variables, "CHECKPOINT_DISABLE": "1"}
