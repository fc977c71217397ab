"""Flows that end as they are told to; served, they stand for the project's own."""

import os
import signal
import sys
import time
from pathlib import Path

from prefect import flow, serve, task
from prefect.flow_runs import suspend_flow_run
from prefect.logging import get_run_logger
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


@task
def show_releases() -> None:
    """Find one."""
    get_run_logger().info("release 1 runs now")


@flow
def history(environment: str) -> str:
    """Tell what it found."""
    show_releases()
    return environment


if __name__ == "__main__":
    name = sys.argv[1]
    served = [made.to_deployment(name, parameters={"environment": name}) for made in (verify_health, history)]
    serve(*served, pause_on_shutdown=False)
