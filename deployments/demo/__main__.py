"""Starts the demo with the embedded stack's settings.

Nothing here imports Prefect, which reads its settings, and makes a folder in the user's home, when it is.
"""

import os
import sys

from deployments.base_image import ensure_base_image
from deployments.stack import folders
from deployments.stack.environment import child_environment
from deployments.stack.settings import load_settings
from pipeline.errors import PipelineError

_ENTERED = "VIMBISO_STACK"


def use_stack() -> None:
    """Start anew with the embedded stack's settings, whatever Prefect or AWS settings the shell has."""
    if os.environ.get(_ENTERED) == "1":
        return
    try:
        folders.prepare(load_settings())
        variables = child_environment() | {_ENTERED: "1", "BASE_IMAGE": ensure_base_image()}
    except PipelineError as error:
        sys.exit(f"The demo failed. {error}")
    os.execve(sys.executable, [sys.executable, "-m", "deployments.demo"], variables)  # noqa: S606 - ourselves


if __name__ == "__main__":
    use_stack()
    from deployments.demo.run import main

    main()
