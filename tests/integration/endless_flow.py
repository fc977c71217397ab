"""Stands for deploy-application in a run whose process is killed."""

import threading

from prefect import flow


@flow(name="deploy-application")
def deploy_application() -> None:
    """Go on for ever."""
    threading.Event().wait()
