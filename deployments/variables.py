"""Variables that the local stack and the receiver both read."""

from collections.abc import Mapping
from pathlib import Path

from deployments.paths import PROJECT
from pipeline.errors import PipelineError


def state_folder(given: Mapping[str, str]) -> Path:
    """Return the folder of all state (VIMBISO_STATE)."""
    return Path(given.get("VIMBISO_STATE") or PROJECT / ".local").expanduser().absolute()


def port_in(given: Mapping[str, str], name: str, default: int, error: type[PipelineError]) -> int:
    """Return the port that a variable names.

    Raises:
        PipelineError: as ``error``, naming the variable that holds no port.
    """
    text = given.get(name) or str(default)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise error(f"{name} is {text!r}; set it to a port number from 1 to 65535.")
    return int(text)
