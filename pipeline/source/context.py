"""A Docker build context: which files are in it, and a digest of them."""

import hashlib
import stat
from pathlib import Path

from docker.utils.build import exclude_paths

_CHUNK = 1 << 20


def ignore_patterns(folder: Path) -> list[str]:
    """Read the context's .dockerignore; [] without one."""
    path = folder / ".dockerignore"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def context_files(folder: Path, dockerfile: str = "Dockerfile") -> list[str]:
    """List the paths, relative to ``folder`` and sorted, that a build from it may see."""
    return sorted(exclude_paths(str(folder), ignore_patterns(folder), dockerfile=dockerfile))


def context_digest(folder: Path, dockerfile: str = "Dockerfile") -> str:
    """Return a SHA-256 over names, kinds, execute bits and contents; times and owners don't count."""
    total = hashlib.sha256()
    for name in context_files(folder, dockerfile):
        total.update(f"{name}\0{_digest(folder / name)}\n".encode("utf-8", "surrogateescape"))
    return total.hexdigest()


def _digest(path: Path) -> str:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return f"link {path.readlink()}"
    if not stat.S_ISREG(mode):
        return "folder" if stat.S_ISDIR(mode) else "special"
    content = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            content.update(chunk)
    return f"{'program' if mode & stat.S_IXUSR else 'file'} {content.hexdigest()}"
