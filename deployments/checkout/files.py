"""Reads the files of a checkout; none of them is run."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from deployments.checkout.model import Checkout, CheckoutError

_SKIPPED = {".git", ".hg", ".tox", ".mypy_cache", "node_modules", "__pycache__", "site-packages"}
_TEXTS = re.compile(r"(^|/)[^.]+$|\.(py|txt|in|toml|ini|cfg|conf|sh|ya?ml|xml|[Dd]ockerfile|dockerignore)$")
_LARGEST = 1_000_000
_MOST = 50_000


def read_checkout(root: Path) -> Checkout:
    """Read a checkout.

    Raises:
        CheckoutError: it is no folder, or holds no Django application.
    """
    if not root.is_dir():
        raise CheckoutError(f"{root} is no folder. Give the folder of a Django application's checkout.")
    paths: dict[str, Path] = {}
    for path in _walk(root):
        paths[path.relative_to(root).as_posix()] = path
        if len(paths) > _MOST:
            raise CheckoutError(f"{root} holds more than {_MOST} files. Give the application's own folder.")
    executable = frozenset(name for name, path in paths.items() if os.access(path, os.X_OK))
    found = Checkout({name: _text(path) for name, path in paths.items()}, executable)
    servers = (*found.named("wsgi.py"), *found.named("asgi.py"))
    if not found.named("manage.py") and not any("django" in found.text(name) for name in servers):
        raise CheckoutError(f"{root} is no Django checkout: there is no manage.py, and no wsgi.py of Django.")
    return found


def _walk(root: Path) -> Iterator[Path]:
    """Yield the files below the root; links out of it are left out, and so are virtual environments."""
    for folder, below, names in os.walk(root):
        here = Path(folder)
        below[:] = sorted(set(below) - _SKIPPED - {path.parent.name for path in here.glob("*/pyvenv.cfg")})
        for path in (here / name for name in sorted(names)):
            if path.is_file() and path.resolve().is_relative_to(root.resolve()):
                yield path


def _text(path: Path) -> str:
    if not _TEXTS.search(path.name) and not path.name.startswith("Dockerfile"):
        return ""
    try:
        content = path.read_bytes() if path.stat().st_size <= _LARGEST else b""
    except OSError:
        return ""
    return "" if b"\0" in content else content.decode("utf-8-sig", errors="replace")
