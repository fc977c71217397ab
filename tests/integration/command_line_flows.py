"""Flows that end as they are told to; served, they stand for the project's own."""

import os
import signal
import sys
import time
from pathlib import Path

from prefect import flow, task
from prefect.flow_runs import suspend_flow_run
from prefect.states import Cancelled, State


@task
def take_a_step() -> None:
    """Do nothing."""


@flow(name="verify-health")
def verify_health(environment: str, end: str, file: str = "") -> State | str:
    """End as ``end`` says; "wait": when the file is there."""
    take_a_step()
    if end == "fail":
        raise RuntimeError("nobody answers")
    if end == "crash":
        os.kill(os.getpid(), signal.SIGKILL)
    if end == "suspend":
        suspend_flow_run(timeout=300, key="decide")
    while end == "wait" and not Path(file).exists():
        time.sleep(0.2)
    return Cancelled(message="somebody did") if end == "cancel" else environment


if __name__ == "__main__":
    verify_health.serve(name=sys.argv[1], parameters={"environment": sys.argv[1]}, pause_on_shutdown=False)
