"""The tools that the pipeline is compared with, each in an environment of its own, made when it is needed."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from deployments.local.setup.paths import TOOLS

VERSIONS = {"awscli": "1.46.3", "ecs-deploy": "1.17.0", "matplotlib": "3.11.2"}


@dataclass(frozen=True)
class Tools:
    """Where they are."""

    folder: Path = TOOLS / "bench"

    @property
    def aws(self) -> Path:
        """AWS's own command line."""
        return self._environment("awscli") / "bin/aws"

    @property
    def ecs_deploy(self) -> Path:
        """The command of the package ecs-deploy."""
        return self._environment("ecs-deploy") / "bin/ecs"

    @property
    def plotting_python(self) -> Path:
        """An interpreter that has matplotlib."""
        return self._environment("matplotlib") / "bin/python"

    def _environment(self, package: str) -> Path:
        """Return the environment, whole or not at all.

        Raises:
            RuntimeError: the package cannot be installed here.
        """
        place = self.folder / f"{package}-{VERSIONS[package]}"
        if not (place / "complete").exists():
            uv = Path(sys.executable).with_name("uv")
            _run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, place])
            requested = f"{package}=={VERSIONS[package]}"
            _run([uv, "pip", "install", "--quiet", "--python", place / "bin/python", requested])
            (place / "complete").touch()
        return place


def _run(command: list[str | Path]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command[1:]))}: {done.stderr.strip()[-300:]}")
