"""Settings of the embedded stack: its state folder and its ports."""

import os
from pathlib import Path
from typing import Self

from pydantic import model_validator
from pydantic_settings import SettingsConfigDict

from deployments.variables import STATE, Port, StateFolder, Variables

REGION = "af-south-1"
_LONGEST = 80
"""Characters: sockets of Terraform's providers lie below the state, and Linux allows 107 in all (unix(7))."""


class Settings(Variables):
    """Everything that can be chosen about the stack, each from one variable, such as VIMBISO_AWS_PORT."""

    model_config = SettingsConfigDict(env_prefix="VIMBISO_")

    state: StateFolder = STATE
    """Folder of all its state."""
    aws_port: Port = 4566
    """Emulated AWS and registry."""
    prefect_port: Port = 4200
    """Prefect's API and UI."""
    webhook_port: Port = 4201
    """Webhook receiver."""

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if len(os.fsencode(self.state)) > _LONGEST:
            raise ValueError(
                f"The state folder's path is longer than {_LONGEST} characters, too long for sockets below "
                f"it: {self.state}. Set VIMBISO_STATE to a shorter one."
            )
        ports = (self.aws_port, self.prefect_port, self.webhook_port)
        if len(set(ports)) < len(ports):
            raise ValueError(
                "VIMBISO_AWS_PORT, VIMBISO_PREFECT_PORT and VIMBISO_WEBHOOK_PORT must differ, "
                f"but are {', '.join(map(str, ports))}."
            )
        return self

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

    def log(self, name: str) -> Path:
        """Log file of a process."""
        return self.state / "logs" / f"{name}.log"
