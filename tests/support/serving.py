"""Processes that serve a test."""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def served(command: list[str], environment: Mapping[str, str], log: Path) -> Iterator[None]:
    """Keep a server running."""
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=dict(environment), stdout=out, stderr=out)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=240)
