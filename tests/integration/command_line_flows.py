"""Flows that end as they are told to; served, they stand for the project's own."""

import os
import signal
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from prefect import flow, serve, task
from prefect.artifacts import create_table_artifact
from prefect.logging import get_run_logger
from prefect.states import Cancelled, State

from flows.shared.approval import prompt
from flows.shared.ending import state_is_outcome
from pipeline.errors import PipelineError

STAGING: Any = SimpleNamespace(name="staging", settings=SimpleNamespace(approvers=0))


@task
def take_a_step(refuse: bool) -> None:
    """Do nothing."""
    if refuse:
        raise PipelineError("The disk is full. Free some.")


@flow(name="deploy-application")
@state_is_outcome
def deploy_application(environment: str, ref: str, image: str = "") -> State[str] | str:
    """End as ``ref`` says; "wait": when the file ``image`` is there."""
    take_a_step(ref == "refuse")
    if ref == "fail":
        raise RuntimeError("nobody answers")
    if ref == "crash":
        os.kill(os.getpid(), signal.SIGKILL)
    if ref == "ask":
        decision = prompt(STAGING, "## 1 to add", key="a-plan")
        get_run_logger().warning("decided by %s", decision.by)
        if not decision.approved:
            raise PipelineError("It was refused.")
    while ref == "wait" and not Path(image).exists():
        time.sleep(0.2)
    return Cancelled(message="somebody did") if ref == "cancel" else environment


@task
def show_releases(limit: int) -> None:
    """Find one."""
    get_run_logger().info("release 1 runs now")
    create_table_artifact([{"release": "1", "of": limit}], key="releases")


@flow
def history(environment: str, limit: int = 20) -> str:
    """Tell what it found."""
    show_releases(limit)
    return environment


if __name__ == "__main__":
    name = sys.argv[1]
    served = [
        made.to_deployment(name, parameters={"environment": name}) for made in (deploy_application, history)
    ]
    serve(*served, pause_on_shutdown=False)
