"""Reads the files of a checkout; none of them is run."""

import os
from collections.abc import Iterator
from pathlib import Path

from deployments.checkout.model import Checkout, CheckoutError

_SKIPPED = {".git", ".hg", ".tox", ".mypy_cache", "node_modules", "__pycache__", "site-packages"}
_TEXTS = {
    ".py",
    ".txt",
    ".in",
    ".toml",
    ".ini",
    ".cfg",
    ".conf",
    ".sh",
    ".yaml",
    ".yml",
    ".xml",
    ".Dockerfile",
    "",
}
_NAMES = ("Dockerfile", ".dockerignore")
_LARGEST = 1_000_000
_MOST = 50_000


def read_checkout(root: Path) -> Checkout:
    """Read a checkout.

    Raises:
        CheckoutError: it is no folder, or holds no Django application.
    """
    if not root.is_dir():
        raise CheckoutError(f"{root} is no folder. Give the folder of a Django application's checkout.")
    files: dict[str, str] = {}
    executable = set()
    for path in _walk(root):
        name = path.relative_to(root).as_posix()
        if len(files) == _MOST:
            raise CheckoutError(f"{root} holds more than {_MOST} files. Give the application's own folder.")
        files[name] = _text(path)
        if os.access(path, os.X_OK):
            executable.add(name)
    found = Checkout(files, frozenset(executable))
    servers = (*found.named("wsgi.py"), *found.named("asgi.py"))
    if not found.named("manage.py") and not any("django" in found.text(name) for name in servers):
        raise CheckoutError(f"{root} is no Django checkout: there is no manage.py, and no wsgi.py of Django.")
    return found


def _walk(root: Path) -> Iterator[Path]:
    """Yield the files below the root; links out of it are left out, and so are virtual environments."""
    inside = root.resolve()
    for folder, below, names in os.walk(root):
        here = Path(folder)
        below[:] = sorted(
            name for name in below if name not in _SKIPPED and not (here / name / "pyvenv.cfg").exists()
        )
        for name in sorted(names):
            path = here / name
            if path.is_file() and path.resolve().is_relative_to(inside):
                yield path


def _text(path: Path) -> str:
    if path.suffix not in _TEXTS and not path.name.startswith(_NAMES):
        return ""
    try:
        if path.stat().st_size > _LARGEST:
            return ""
        content = path.read_bytes()
    except OSError:
        return ""
    return "" if b"\0" in content else content.decode("utf-8-sig", errors="replace")
