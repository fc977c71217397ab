"""A digest of the project's files, by which a change of the code is seen."""

import hashlib
from pathlib import Path

_PACKAGES = ("blocks", "deployments", "flows", "pipeline", "tasks")
_READ = (".py", ".toml", ".yaml")
_FILE = "prefect.yaml"


def fingerprint(root: Path) -> str:
    """Return a digest of the names, sizes and times of the files behind flows and their registration."""
    found = hashlib.sha256()
    files = (path for package in _PACKAGES for path in sorted((root / package).rglob("*.*")))
    for path in (*files, root / _FILE):
        if path.suffix in _READ and path.exists():
            state = path.stat()
            found.update(f"{path} {state.st_size} {state.st_mtime_ns}\n".encode())
    return found.hexdigest()
