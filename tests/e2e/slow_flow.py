"""A flow for the worker tests: says a word through the engine's logger, then waits in a child process."""

import logging
import subprocess

from prefect import flow


@flow
def slow() -> None:
    """Log one line and wait."""
    logging.getLogger("pipeline.example").info("a word from the engine")
    subprocess.run(["sleep", "300"], check=True)
