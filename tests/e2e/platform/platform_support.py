"""A Prefect server and an emulated AWS, as the tests of work pools talk to them."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from deployments.local.stack.environment import child_environment
from deployments.local.stack.settings import Settings


@dataclass(frozen=True)
class Platform:
    """What a worker and its runs need; addresses are those that containers reach, too."""

    folder: Path
    address: str
    """Host name under which containers find this machine: the gateway of Docker's network."""
    settings: Settings
    auth: str

    @property
    def api(self) -> str:
        """Address of Prefect's API."""
        return f"http://{self.address}:{self.settings.prefect_port}/api"

    def variables(self, environments: Path | None = None) -> dict[str, str]:
        """Return the environment of a process that works with it, told of other environments or not."""
        base = child_environment(self.settings)
        own = {
            "PREFECT_API_URL": self.api,
            "PREFECT_API_AUTH_STRING": self.auth,
            "PREFECT_HOME": str(self.folder / "prefect"),
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "AWS_ENDPOINT_URL": self.settings.aws_url,
            "AWS_ACCESS_KEY_ID": "000000000000",
            "AWS_SECRET_ACCESS_KEY": "emulator",
            "AWS_DEFAULT_REGION": "af-south-1",
        }
        more = {"VIMBISO_ENVIRONMENTS": str(environments)} if environments else {}
        return {**base, **own, **more}

    def run(self, *command: str, environments: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a Python module to its end."""
        return subprocess.run(
            [sys.executable, "-m", *command],
            env=self.variables(environments),
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )

    @contextmanager
    def process(self, name: str, *command: str, **more: str) -> Iterator[None]:
        """Keep a Python module running; its output is a file of that name."""
        with (
            (self.folder / f"{name}.log").open("wb") as log,
            subprocess.Popen(
                [sys.executable, "-m", *command],
                env={**self.variables(), **more},
                stdout=log,
                stderr=subprocess.STDOUT,
            ) as process,
        ):
            try:
                yield
            finally:
                process.terminate()

    def log(self, name: str) -> str:
        """Return what a process has written so far."""
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")


def until(condition: Callable[[], bool], seconds: float) -> None:
    """Poll until the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not become true"
        time.sleep(0.2)


def answers(url: str) -> bool:
    """Whether something serves there."""
    try:
        return httpx.get(url, timeout=30, trust_env=False).is_success
    except httpx.HTTPError:
        return False
