"""Serves a process pool with processes that are forked, so that a run starts in a fraction of a second.

What Prefect's process worker promises of a run's process stays: each run has one of its own, which is
cancelled by SIGTERM and then SIGKILL, and whose end is seen by its exit code.
"""

import asyncio
import os
import secrets
import shlex
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from typing import Any, ClassVar

from prefect.events.clients import get_events_subscriber
from prefect.events.filters import EventFilter, EventNameFilter
from prefect.workers.process import ProcessJobConfiguration, ProcessWorker

from deployments.fingerprint import fingerprint
from deployments.paths import PROJECT
from deployments.worker import launch
from deployments.worker.authorities import share_authorities

_ENGINE = "prefect.engine"
_DEAF = 5.0
"""Seconds before the server is listened to again."""
_TAKEABLE = EventNameFilter(name=[f"prefect.flow-run.{name}" for name in ("Scheduled", "Resuming")])


class Warmth:
    """The fork server of this worker, replaced when the code has changed or the server has ended."""

    def __init__(self) -> None:
        """No server yet."""
        self._code = ""
        self._address = ""
        self._server: subprocess.Popen[bytes] | None = None

    def command(self) -> str | None:
        """Return the command that runs a flow run in a forked process; None on systems other than Linux."""
        if sys.platform != "linux":
            return None
        code = fingerprint(PROJECT)
        if self._server is None or self._server.poll() is not None or code != self._code:
            self.end()
            self._code = code
            self._start()
        # Without the site packages, whose import is half of a process's start.
        return shlex.join([sys.executable, "-I", "-S", launch.__file__, self._address, _ENGINE])

    def end(self) -> None:
        """Let the server end after its last run."""
        if self._server and self._server.stdin:
            self._server.stdin.close()

    def _start(self) -> None:
        self._address = f"vimbiso-{os.getpid()}-{secrets.token_hex(8)}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as asked:
            asked.bind(f"\0{self._address}")
            asked.listen(64)
            self._server = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-m", "deployments.worker.fork_server", str(asked.fileno())],
                cwd=PROJECT,
                stdin=subprocess.PIPE,
                pass_fds=[asked.fileno()],
            )


class WarmConfiguration(ProcessJobConfiguration):
    """A job's configuration whose command, where none is configured, asks the fork server."""

    warmth: ClassVar[Warmth] = Warmth()

    def prepare_for_flow_run(self, *arguments: Any, **named: Any) -> None:
        """Choose the command, then let Prefect add the rest."""
        self.command = self.command or self.warmth.command()
        super().prepare_for_flow_run(*arguments, **named)


class WarmWorker(ProcessWorker):
    """Prefect's process worker with warm processes."""

    job_configuration = WarmConfiguration

    @classmethod
    def __dispatch_key__(cls) -> str:
        """Key among Prefect's workers, whose own of this type stays what it is."""
        return "process-warm"


async def _work(worker: WarmWorker) -> None:
    listening = asyncio.create_task(_take_at_once(worker))
    try:
        await worker.start()
    finally:
        listening.cancel()


async def _take_at_once(worker: WarmWorker) -> None:
    """Take runs when the server tells that there are some; its polls find what was not heard."""
    while True:
        with suppress(Exception):  # no server, or one that tells nothing: the polls go on
            async with get_events_subscriber(EventFilter(event=_TAKEABLE)) as told:
                async for _ in told:
                    await worker.get_and_submit_flow_runs()
        await asyncio.sleep(_DEAF)


def serve(pool: str, name: str | None = None) -> None:
    """Serve the pool's runs until an interrupt or SIGTERM; the work pool is made when it is absent."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # asyncio ends in order on an interrupt
    share_authorities()
    WarmConfiguration.warmth.command()
    worker = WarmWorker(work_pool_name=pool, name=name, heartbeat_interval_seconds=10)
    with suppress(KeyboardInterrupt):
        asyncio.run(_work(worker))
    WarmConfiguration.warmth.end()
