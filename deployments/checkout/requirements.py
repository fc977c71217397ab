"""Requirements of an application, from whichever files name them. Pure."""

import re
import tomllib
from collections.abc import Iterator
from posixpath import basename, dirname, join, normpath
from typing import Any

from packaging.utils import canonicalize_name

from deployments.checkout.model import Checkout

_INCLUDED = re.compile(r"^(?:-r|--requirement|-c|--constraint)[\s=]+(\S+)")
_INSTALLED = re.compile(r"(?:-r|--requirement)[\s=]*(\S+\.(?:txt|in))")
_FILE = re.compile(r"^(?:.*/)?(?:requirements[\w.-]*\.txt|requirements/[\w.-]+\.txt)$")
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


def required_packages(checkout: Checkout, installed: str) -> frozenset[str]:
    """Return the required packages by their normal names; none where no file tells them.

    ``installed``, the text of the Dockerfile's RUNs, says which files count.
    """
    files = sorted(path for path in checkout.files if _FILE.match(path))
    wanted = set(map(basename, _INSTALLED.findall(installed)))
    chosen = [path for path in files if basename(path) in wanted] or files
    found = {name for path in chosen for name in _of_file(checkout, path, set())}
    for path in (*checkout.named("pyproject.toml"), *checkout.named("Pipfile")):
        found |= set(_of_project(checkout.text(path)))
    return frozenset(map(canonicalize_name, found))


def _of_file(checkout: Checkout, path: str, seen: set[str]) -> Iterator[str]:
    """Yield the names in a file, and in those that it includes."""
    seen.add(path)
    for line in checkout.text(path).splitlines():
        included = _INCLUDED.match(line)
        other = normpath(join(dirname(path), included[1])) if included else path
        if other not in seen:
            yield from _of_file(checkout, other, seen)
        elif name := _NAME.match(line.strip()):
            yield name[0]


def _of_project(text: str) -> list[str]:
    """Return the names in a pyproject.toml (PEP 621, Poetry, dependency groups) or a Pipfile."""
    try:
        return list(_dependencies(tomllib.loads(text)))
    except (tomllib.TOMLDecodeError, RecursionError):
        return []


def _dependencies(document: dict[str, Any], told: bool = False) -> Iterator[str]:
    """Yield what stands in tables and lists below a key that names dependencies."""
    for key, value in document.items():
        inside = told or key.startswith(("depend", "optional-depend")) or key == "packages"
        if told and not isinstance(value, list):
            yield key
        elif isinstance(value, dict):
            yield from _dependencies(value, inside)
        elif inside and isinstance(value, list):
            yield from (name[0] for item in value if (name := _NAME.match(str(item))))
