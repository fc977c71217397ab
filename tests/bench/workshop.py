"""What the entries work with: sizes, a folder, ports, tools, and the stack, started when asked for."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from bench.tools import Tools
from stack_commands import free_ports
from support.house import House
from support.standing import standing_house

from pipeline.aws.access import AwsAccess

FIRST_PORT = int(os.environ.get("BENCH_PORT", "4780"))
"""Stacks take three free ports in a row from here on, in steps of a hundred; an emulator alone the ninth."""
SOURCE = "https://github.com/vimbiso/vimbiso-pay.git"
STAGING_SECRET = "made-up-for-staging"


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    times: int = 3
    """How often the quick things are measured; the slow ones less."""
    images: int = 5_000
    image_curve: tuple[int, ...] = (100, 1_000, 5_000, 20_000)
    database_mib: int = 1024
    database_curve: tuple[int, ...] = (10, 100, 1024, 4096)
    events: int = 1_000_000
    event_curve: tuple[int, ...] = (10_000, 100_000, 1_000_000)
    service_curve: tuple[int, ...] = (1, 5, 20, 50)
    latency: float = 0.05
    """Seconds that the made-up registry takes for an answer."""
    unfinished: float = 40
    """Seconds after which what does not end is given up."""
    storm_seconds: float = 10
    region_seeds: int = 8
    """How often each release is played in the simulated region."""


QUICK = Sizes(
    times=1,
    images=300,
    image_curve=(100, 300),
    database_mib=8,
    database_curve=(2, 8),
    events=20_000,
    event_curve=(5_000, 20_000),
    service_curve=(1, 4),
    latency=0.0,
    unfinished=5,
    storm_seconds=2,
    region_seeds=2,
)


@dataclass
class Workshop:
    """Holds what entries share until the run ends."""

    sizes: Sizes
    folder: Path
    stack: ExitStack
    tools: Tools = field(default_factory=Tools)
    rollouts: list[float] = field(default_factory=list)
    """Seconds of each normal rollout that was measured, from moving the service to the verdict."""

    def say(self, text: str) -> None:
        """Tell who waits what goes on."""
        sys.stderr.write(f"    {time.strftime('%X')} {text}\n")

    def room(self) -> Path:
        """Return a new folder, gone when the run ends."""
        return Path(self.stack.enter_context(tempfile.TemporaryDirectory(dir=self.folder)))

    @cached_property
    def aws(self) -> AwsAccess:
        """An emulator without anything in it, and no Prefect beside it."""
        os.environ["SQLITE_TEST_PORT"] = str(FIRST_PORT + 9)
        # The port is read when the module is imported.
        from sqlite_support.emulator import emulator

        return self.stack.enter_context(emulator())

    @cached_property
    def house(self) -> House:
        """The stack with infrastructure and a first release on it."""
        self.say("starting a stack, building its infrastructure, deploying the first release")
        os.environ |= {"WEBHOOK_SECRETS": f"staging={STAGING_SECRET}", "VIMBISO_SOURCE": SOURCE}
        return self.stack.enter_context(standing_house(self.room(), free_ports(FIRST_PORT)))


def run(command: Sequence[str | Path], more: Mapping[str, str] | None = None, limit: float = 600) -> str:
    """Run a command that must succeed and return what it printed.

    Raises:
        RuntimeError: it failed; with its last lines.
    """
    done = subprocess.run(
        command,
        env={**os.environ, **(more or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=limit,
    )
    if done.returncode:
        last = "\n".join((done.stderr or done.stdout).strip().splitlines()[-8:])
        raise RuntimeError(f"{Path(command[0]).name} ended with {done.returncode}: {last}")
    return done.stdout
