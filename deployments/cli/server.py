"""Which Prefect server is asked."""

import os
import sys

from deployments.stack.environment import child_environment
from pipeline.environment.catalogue import environments


def use_local_stack(name: str) -> None:
    """For an emulated environment, start this process anew with the local stack's settings.

    Prefect reads its settings when it is imported, so they cannot be changed later. Another server that the
    shell names is used as it is.
    """
    item, variables = environments().get(name), child_environment()
    if item is None or item.aws_endpoint_url is None or _has_server(variables):
        return
    command = [sys.executable, "-m", "deployments", *sys.argv[1:]]
    os.execve(sys.executable, command, variables)  # noqa: S606 - ourselves


def _has_server(stack: dict[str, str]) -> bool:
    """Whether the shell names a server: another one, or the stack's with its password."""
    named, password = os.environ.get("PREFECT_API_URL"), os.environ.get("PREFECT_API_AUTH_STRING")
    local = named == stack["PREFECT_API_URL"] and password != stack.get("PREFECT_API_AUTH_STRING")
    return bool(named) and not local
