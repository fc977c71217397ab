"""Requirements of an application, from whichever files name them. Pure."""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from posixpath import basename, dirname, join, normpath
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from deployments.checkout.model import Checkout

_INCLUDED = re.compile(r"^(?:-r|--requirement|-c|--constraint)[\s=]+(\S+)")
_INSTALLED = re.compile(r"(?:-r|--requirement)[\s=]*(\S+\.(?:txt|in))")
_NAMED = re.compile(r"^(?:.*/)?(?:requirements[\w.-]*\.txt|requirements/[\w.-]+\.txt)$")
_COMMENT = re.compile(r"(^|\s)#.*$|\s--hash=\S+|\s*\\$", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


@dataclass(frozen=True)
class Requirements:
    """Packages by their normal names; no names at all where no file tells them."""

    names: frozenset[str]
    conflicts: tuple[str, ...] = ()
    """Each two that cannot be installed together, in a sentence."""
    unread: tuple[str, ...] = ()
    """Lines that are no requirements."""


def read_requirements(checkout: Checkout, installed: str) -> Requirements:
    """Gather what is required; ``installed``, the text of the Dockerfile's RUNs, says which files count."""
    named = sorted(path for path in checkout.files if _NAMED.match(path))
    wanted = set(map(basename, _INSTALLED.findall(installed)))
    chosen = [path for path in named if basename(path) in wanted]
    lines = [found for path in chosen or named for found in _closure(checkout, path, set())]
    read: dict[str, dict[str, Requirement]] = defaultdict(dict)
    unread = []
    for path, text in lines:
        try:
            item = Requirement(text)
            read[canonicalize_name(item.name)][path] = item
        except InvalidRequirement:
            if "://" not in text and not text.startswith((".", "/")):
                unread.append(f"{path}: {text[:80]}")
    projects = {
        name for path in checkout.named("pyproject.toml") for name in _of_project(checkout.text(path))
    }
    conflicts = [text for items in read.values() for text in _conflicts(items)] if chosen else []
    return Requirements(frozenset(projects | set(read)), tuple(conflicts), tuple(unread))


def _closure(checkout: Checkout, path: str, seen: set[str]) -> Iterator[tuple[str, str]]:
    """Yield the lines of a file, and of those that it includes, with the file of each."""
    seen.add(path)
    for line in map(str.strip, _COMMENT.sub("", checkout.text(path)).splitlines()):
        included = _INCLUDED.match(line)
        other = normpath(join(dirname(path), included[1])) if included else path
        if other not in seen:
            yield from _closure(checkout, other, seen)
        elif line and not line.startswith("-"):
            yield path, line


def _conflicts(items: dict[str, Requirement]) -> Iterator[str]:
    """Compare the exact versions of a package with what another file demands of it."""
    for (path, item), (other_path, other) in combinations(items.items(), 2):
        both = item.specifier & other.specifier
        pins = [pin.version for pin in both if pin.operator == "==" and "*" not in pin.version]
        possible = all(both.contains(pin, prereleases=True) for pin in pins)
        if not possible and item.marker is None and other.marker is None:
            yield f"{path} demands {item}, and {other_path} {other}"


def _of_project(text: str) -> set[str]:
    """Return the names in a pyproject.toml (PEP 621, Poetry, dependency groups)."""
    try:
        return {canonicalize_name(name) for name in _dependencies(tomllib.loads(text)) if name != "python"}
    except (tomllib.TOMLDecodeError, RecursionError):
        return set()


def _dependencies(document: dict[str, Any], told: bool = False) -> Iterator[str]:
    """Yield what stands in tables and lists below a key that names dependencies."""
    for key, value in document.items():
        inside = told or "dependencies" in key
        if told and not isinstance(value, list):
            yield key
        elif isinstance(value, dict):
            yield from _dependencies(value, inside)
        elif inside and isinstance(value, list):
            yield from (found[0] for item in value if (found := _NAME.match(str(item))))
