"""Settings of the embedded stack: its state folder and its ports."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deployments.local.stack.errors import StackError
from deployments.variables import port_in, state_folder

REGION = "af-south-1"
_LONGEST = 80
"""Characters: sockets of Terraform's providers lie below the state, and Linux allows 107 in all (unix(7))."""


@dataclass(frozen=True)
class Settings:
    """Everything that can be chosen about the stack, each from one environment variable."""

    state: Path
    """Folder of all its state (VIMBISO_STATE)."""
    aws_port: int
    """Emulated AWS and registry (VIMBISO_AWS_PORT)."""
    prefect_port: int
    """Prefect's API and UI (VIMBISO_PREFECT_PORT)."""
    webhook_port: int
    """Webhook receiver (VIMBISO_WEBHOOK_PORT)."""

    @property
    def prefect_url(self) -> str:
        """Address of Prefect's UI, without a trailing slash."""
        return f"http://127.0.0.1:{self.prefect_port}"

    @property
    def prefect_origins(self) -> tuple[str, str]:
        """Origins of the pages that may use Prefect's API: its own UI, under both names of this machine."""
        return self.prefect_url, f"http://localhost:{self.prefect_port}"

    @property
    def aws_url(self) -> str:
        """Address of the emulated AWS."""
        return f"http://127.0.0.1:{self.aws_port}"

    @property
    def temporary(self) -> Path:
        """Folder for temporary files of everything that the stack runs (TMPDIR)."""
        return self.state / "tmp"

    @property
    def data(self) -> Path:
        """Folder on the host that stands for the application's data volume."""
        return self.state / "data"

    def log(self, name: str) -> Path:
        """Log file of a process."""
        return self.state / "logs" / f"{name}.log"


def load_settings(variables: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from ``variables`` (default: the process environment).

    Raises:
        StackError: a port that is not a port, one port for two processes, or a state folder's path too long.
    """
    given = os.environ if variables is None else variables
    settings = Settings(
        state=state_folder(given),
        aws_port=port_in(given, "VIMBISO_AWS_PORT", 4566, StackError),
        prefect_port=port_in(given, "VIMBISO_PREFECT_PORT", 4200, StackError),
        webhook_port=port_in(given, "VIMBISO_WEBHOOK_PORT", 4201, StackError),
    )
    if len(os.fsencode(settings.state)) > _LONGEST:
        raise StackError(
            f"The state folder's path is longer than {_LONGEST} characters, too long for sockets below it: "
            f"{settings.state}. Set VIMBISO_STATE to a shorter one."
        )
    ports = (settings.aws_port, settings.prefect_port, settings.webhook_port)
    if len(set(ports)) < len(ports):
        raise StackError(
            "VIMBISO_AWS_PORT, VIMBISO_PREFECT_PORT and VIMBISO_WEBHOOK_PORT must differ, "
            f"but are {', '.join(map(str, ports))}."
        )
    return settings
