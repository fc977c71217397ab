"""Files that describe environments. Imports nothing heavy: the command line completes their names."""

import os
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
APPLICATIONS = PROJECT / "deployments/applications"
"""Folder with a folder of configuration for each further application."""


def environment_files(override: str | None, applications: str | None) -> Iterator[tuple[str, Path]]:
    """Yield each file with the name of its application; "" for the project's own.

    Args:
        override: file in the place of the project's own (VIMBISO_ENVIRONMENTS).
        applications: folder with a folder for each further application (VIMBISO_APPLICATIONS), absolute or
            relative to the project.
    """
    yield "", Path(override) if override else PROJECT / "deployments/environments.toml"
    folder = PROJECT / applications if applications else APPLICATIONS
    for path in sorted(folder.glob("*/environments.toml")):
        yield path.parent.name, path


def files_here() -> tuple[tuple[str, Path], ...]:
    """Return the files that the process environment names."""
    return tuple(
        environment_files(os.environ.get("VIMBISO_ENVIRONMENTS"), os.environ.get("VIMBISO_APPLICATIONS"))
    )
