"""The stack's commands as the end-to-end tests run them, and access to what it emulates."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deployments.local.stack.processes import Process, marked
from deployments.local.stack.secrets import PREFECT_PASSWORD, read
from deployments.local.stack.settings import REGION, Settings
from pipeline.aws.access import AwsAccess

_ENGINE = os.environ.get("DOCKER_HOST", "").removeprefix("unix://") or "/var/run/docker.sock"

PORTS = ("VIMBISO_AWS_PORT", "VIMBISO_PREFECT_PORT", "VIMBISO_WEBHOOK_PORT")


@dataclass(frozen=True)
class Stack:
    """The commands of one stack, run as a person runs them."""

    settings: Settings
    variables: Mapping[str, str]
    user: int | None = None
    """Who runs them; None for whoever runs the tests."""

    def run(self, command: str, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run ``vimbiso COMMAND WORDS``; in JSON where it answers something."""
        as_json = ["--json"] if command in {"up", "status"} else []
        return subprocess.run(
            [sys.executable, "-m", "deployments", command, *words, *as_json],
            env={**self.variables, **more},
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
            user=self.user,
            group=self.user,
            extra_groups=None if self.user is None else [Path(_ENGINE).stat().st_gid],
        )

    @property
    def auth(self) -> tuple[str, str]:
        """Name and password for Prefect's API."""
        name, _, password = read(self.settings, PREFECT_PASSWORD).partition(":")
        return name, password

    def up(self) -> dict[str, int]:
        """Bring the stack up and return the pid of each process."""
        done = self.run("up")
        assert done.returncode == 0, done.stderr
        return self.pids(done.stdout)

    def pids(self, answer: str) -> dict[str, int]:
        """Read the pids out of an answer in JSON."""
        document: dict[str, Any] = json.loads(answer)
        return {process["name"]: process["pid"] for process in document["processes"]}

    def living(self) -> list[Process]:
        """Return every process that the stack has started, directly or not."""
        return marked(str(self.settings.state))

    def client(self, service: str) -> Any:
        """Return a client of the emulated AWS."""
        return AwsAccess(REGION, self.settings.aws_url, "test", "test").client(service)


def free_ports(start: int) -> tuple[int, int, int]:
    """Return three ports in a row that nobody listens on now, below those of outgoing connections."""
    for first in range(start, start + 2000, 100):
        if all(_free(port) for port in range(first, first + 3)):
            return first, first + 1, first + 2
    raise AssertionError(f"no free ports from {start} on")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def until(condition: Callable[[], object], seconds: float = 30) -> None:
    """Poll until the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not become true"
        time.sleep(0.05)
