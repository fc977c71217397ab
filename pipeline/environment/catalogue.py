"""Finds the project's environments.toml."""

import os
from functools import cache
from pathlib import Path

from pipeline.environment.loader import UnknownEnvironmentError, load_environments
from pipeline.environment.model import Environment

PROJECT = Path(__file__).resolve().parents[2]


def state_folder() -> Path:
    """Return the folder of all that this machine keeps (VIMBISO_STATE)."""
    return Path(os.environ.get("VIMBISO_STATE") or PROJECT / ".local").absolute()


def environments() -> dict[str, Environment]:
    """Load the environments that the project delivers to, from VIMBISO_ENVIRONMENTS or the project's file."""
    return dict(_load(os.environ.get("VIMBISO_ENVIRONMENTS")))


@cache
def _load(override: str | None) -> dict[str, Environment]:
    return load_environments(Path(override) if override else PROJECT / "deployments" / "environments.toml")


def environment(name: str) -> Environment:
    """Return one environment.

    Raises:
        UnknownEnvironmentError: naming those that exist.
    """
    known = environments()
    if name not in known:
        raise UnknownEnvironmentError(name, list(known))
    return known[name]
