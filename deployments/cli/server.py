"""Which Prefect server is asked."""

import os
import sys

from deployments.stack.environment import child_environment
from pipeline.environment import environments


def use_local_stack(name: str) -> None:
    """For an emulated environment, start this process anew with the local stack's settings.

    Prefect reads its settings when it is imported, so they cannot be changed later. A server that the
    shell names is used as it is.
    """
    item = environments().get(name)
    if item is None or item.aws_endpoint_url is None or os.environ.get("PREFECT_API_URL"):
        return
    command = [sys.executable, "-m", "deployments", *sys.argv[1:]]
    os.execve(sys.executable, command, child_environment())  # noqa: S606 - ourselves
