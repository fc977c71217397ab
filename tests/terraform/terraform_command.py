"""Terraform, run offline and away from everybody's own working folder."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from deployments.local.setup.terraform import terraform_cli_config

PROJECT = Path(__file__).parents[2]
ROOT = PROJECT / "terraform"


@dataclass(frozen=True)
class Terraform:
    """One initialised data folder, and the command in it."""

    binary: Path
    environment: dict[str, str]
    folder: Path = ROOT

    def __call__(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run Terraform in the module's folder; standard error is part of the output."""
        return subprocess.run(
            [self.binary, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=240,
            check=False,
        )


def offline_environment(data: Path) -> dict[str, str]:
    """Return a process environment with no AWS in it and the provider taken from this machine's mirror."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_"))}
    config = terraform_cli_config()
    mirror = {"TF_CLI_CONFIG_FILE": str(config)} if config else {}
    return {**kept, **mirror, "TF_DATA_DIR": str(data), "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
