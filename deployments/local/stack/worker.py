"""Runs the process worker of the work pool ``local``; may be started before the server is up."""

import time

from deployments.local.stack.errors import StackError
from deployments.local.stack.processes import Process
from deployments.local.stack.settings import Settings
from deployments.local.stack.specs import WORK_POOL, WORKER, answers
from deployments.worker.warm import serve

_WAIT = 120.0
_NOBODY = Process(0, 0, 0, "", ())


def wait_for_server() -> None:
    """Return when the Prefect server answers.

    Raises:
        StackError: it did not within two minutes.
    """
    url = f"{Settings.read().prefect_url}/api/health"
    ready, deadline = answers(url), time.monotonic() + _WAIT
    while not ready(_NOBODY):
        if time.monotonic() > deadline:
            raise StackError(f"The Prefect server did not answer at {url}. See: make status")
        time.sleep(0.1)


def main() -> None:
    """Serve flow runs until a signal ends it."""
    wait_for_server()
    serve(WORK_POOL, WORKER)
