"""Log lines of the task."""

import sys


def log(line: str) -> None:
    """Write a line to the container's log at once."""
    sys.stdout.write(f"sqlite-job: {line}\n")
    sys.stdout.flush()
