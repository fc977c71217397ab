"""Stands for deploy-application, so that a worker has something quick to run."""

from prefect import flow


@flow(name="deploy-application")
def deploy_application(environment: str, ref: str, branch_only: bool) -> str:
    """Say what was asked for."""
    return f"{environment} {ref} {branch_only}"
