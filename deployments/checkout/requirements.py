"""Requirements of an application, from whichever files name them. Pure."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from posixpath import dirname, join, normpath
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from deployments.checkout.model import Checkout

_INCLUDED = re.compile(r"^(?:-r|--requirement|-c|--constraint)[\s=]+(\S+)")
_INSTALLED = re.compile(r"(?:-r|--requirement)[\s=]*(\S+\.(?:txt|in))")
_NAMED = re.compile(r"^(?:.*/)?(?:requirements[\w.-]*\.txt|requirements/[\w.-]+\.txt)$")
_COMMENT = re.compile(r"(^|\s)#.*$|\s--hash=\S+|\s*\\$", re.MULTILINE)


@dataclass(frozen=True)
class Requirements:
    """Packages by their normal names; no names at all where no file tells them."""

    names: frozenset[str]
    conflicts: tuple[str, ...] = ()
    """Each two that cannot be installed together, in a sentence."""
    unread: tuple[str, ...] = ()
    """Files or lines that are no requirements."""


def read_requirements(checkout: Checkout, installed: str) -> Requirements:
    """Gather what is required; ``installed``, the text of the Dockerfile's RUNs, says which files count."""
    named = {path for path in checkout.files if _NAMED.match(path)}
    wanted = [found.rpartition("/")[2] for found in _INSTALLED.findall(installed)]
    chosen = sorted(path for path in named if path.rpartition("/")[2] in wanted)
    unread: list[str] = []
    groups = [list(_closure(checkout, path, unread, set())) for path in chosen or sorted(named)]
    together = [[item for group in groups for item in group]] if chosen else groups
    conflicts = dict.fromkeys(text for group in together for text in _conflicts(group))
    names: set[str] = {canonicalize_name(item.name) for group in groups for _, item in group}
    for path in (*checkout.named("pyproject.toml"), *checkout.named("Pipfile")):
        names |= set(_of_project(checkout.text(path), path, unread))
    return Requirements(frozenset(names), tuple(conflicts), tuple(dict.fromkeys(unread)))


def _closure(
    checkout: Checkout, path: str, unread: list[str], seen: set[str]
) -> Iterator[tuple[str, Requirement]]:
    seen.add(path)
    for line in _COMMENT.sub("", checkout.text(path)).splitlines():
        text = line.strip()
        included = _INCLUDED.match(text)
        if included:
            other = normpath(join(dirname(path), included[1]))
            if other not in seen:
                yield from _closure(checkout, other, unread, seen)
        elif text and not text.startswith("-"):
            try:
                yield path, Requirement(text)
            except InvalidRequirement:
                if "://" not in text and not text.startswith((".", "/")):
                    unread.append(f"{path}: {text[:80]}")


def _conflicts(group: list[tuple[str, Requirement]]) -> Iterator[str]:
    """Compare the exact versions with what others demand of the same package."""
    for (path, item), (other_path, other) in combinations(group, 2):
        if canonicalize_name(item.name) == canonicalize_name(other.name) and not (
            _allows(other, item) and _allows(item, other)
        ):
            yield f"{path} demands {item}, and {other_path} {other}"


def _allows(item: Requirement, other: Requirement) -> bool:
    """Whether a requirement allows the exact version that another one demands."""
    pins = [pin.version for pin in other.specifier if pin.operator == "==" and "*" not in pin.version]
    if item.marker is not None or other.marker is not None:
        return True
    return all(item.specifier.contains(pin, prereleases=True) for pin in pins)


def _of_project(text: str, path: str, unread: list[str]) -> Iterator[str]:
    """Yield the names in a pyproject.toml (PEP 621, Poetry, dependency groups) or a Pipfile."""
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        unread.append(path)
        return
    poetry = _table(document, "tool", "poetry")
    groups = [_table(group, "dependencies") for group in _table(poetry, "group").values()]
    for table in (_table(poetry, "dependencies"), *groups, _table(document, "packages")):
        yield from (canonicalize_name(name) for name in table if name.lower() != "python")
    optional = _table(document, "project", "optional-dependencies").values()
    lists = [_table(document, "project").get("dependencies"), *optional]
    for line in (line for found in lists if isinstance(found, list) for line in found):
        name = re.match(r"[\w.-]+", line) if isinstance(line, str) else None
        if name:
            yield canonicalize_name(name[0])


def _table(document: Any, *keys: str) -> Mapping[str, Any]:
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document if isinstance(document, dict) else {}
