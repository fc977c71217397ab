"""Values of settings, known or decided later, and the functions that settings apply to them. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from posixpath import dirname, join, normpath
from typing import Any
from urllib.parse import unquote, urlsplit

ABOVE = "/<image>"
CODE = f"{ABOVE}/<folder>/<folder>/<code>"
"""Top of the checkout in paths that are computed from ``__file__``."""
Names = dict[str, Any]
"""Names of a module with their values, which are never changed but replaced."""
_LARGEST = 10_000
_DEEPEST = 8
_MOST_OPTIONS = 8
FAULTS = (TypeError, ValueError, LookupError, AttributeError, RecursionError, ArithmeticError)


class Unknown:
    """A value that the text does not tell."""


UNKNOWN = Unknown()


@dataclass(frozen=True)
class FromVariable:
    """A value that an environment variable decides, with its default (``UNKNOWN`` where there is none)."""

    name: str
    default: Any = UNKNOWN
    whole: bool = True
    """Whether the variable is all of the value."""


@dataclass(frozen=True)
class OneOf:
    """A value that is one of several, by something that the text does not tell."""

    options: tuple[Any, ...]


def one_of(*values: Any) -> Any:
    """Return a value that is one of several; unknown where they are too many."""
    found = [item for value in values for item in options(value)]
    return OneOf(tuple(found)) if len(found) <= _MOST_OPTIONS else UNKNOWN


def options(value: Any) -> tuple[Any, ...]:
    """Return what a value may be."""
    return value.options if isinstance(value, OneOf) else (value,)


def truth(value: Any) -> bool | None:
    """Return whether a value counts as true; None where that cannot be told."""
    return None if isinstance(value, Unknown | FromVariable | OneOf) else bool(value)


def lift(function: Callable[..., Any], *values: Any) -> Any:
    """Apply a function to values, of which some are decided later."""
    for number, value in enumerate(values):
        before, after = values[:number], values[number + 1 :]
        if isinstance(value, Unknown):
            return UNKNOWN
        if isinstance(value, FromVariable):
            return replace(value, default=lift(function, *before, value.default, *after), whole=False)
        if isinstance(value, OneOf):
            return one_of(*(lift(function, *before, item, *after) for item in value.options))
    try:
        found = function(*values)
    except FAULTS:
        return UNKNOWN
    sized = found.parts if isinstance(found, PurePosixPath) else found
    return UNKNOWN if isinstance(sized, str | list | tuple | dict) and len(sized) > _LARGEST else found


def texts(value: Any, variable: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield a variable that decides, or "", with each text in a value, not too deep."""
    if isinstance(value, str):
        yield variable, value
    elif isinstance(value, FromVariable):
        yield from texts(value.default, value.name, depth + 1)
    elif isinstance(value, dict | list | tuple | OneOf) and depth < _DEEPEST:
        parts = value.values() if isinstance(value, dict) else value
        for item in parts.options if isinstance(parts, OneOf) else parts:
            yield from texts(item, variable, depth + 1)


def parse_database_url(text: str) -> dict[str, str]:
    """Return a database's settings from its URL, as dj-database-url and django-environ do."""
    parts = urlsplit(text)
    if parts.scheme != "sqlite":
        return {"ENGINE": parts.scheme, "NAME": parts.path[1:]}
    path = text.removeprefix("sqlite://").partition("?")[0]
    return {"ENGINE": "sqlite3", "NAME": unquote(path[1:]) if path.startswith("/") else ":memory:"}


def added(left: Any, right: Any) -> Any:
    """Return the sum of two values; of a list and a tuple a list."""
    return left + right if type(left) is type(right) else [*left, *right]


PATHS: dict[str, Callable[..., Any]] = {
    "join": lambda *parts: join(*map(str, parts)),
    "dirname": lambda path: dirname(str(path)),
    **dict.fromkeys(("abspath", "realpath", "normpath"), lambda path: normpath(str(path))),
    **dict.fromkeys(("Path", "PurePath", "PosixPath"), lambda *parts: PurePosixPath(*parts)),
}
CASTS: dict[str, Callable[..., Any]] = {
    "str": str,
    "list": list,
    "set": list,
    "sorted": list,
    "tuple": tuple,
    "dict": dict,
}
METHODS: dict[str, Callable[..., Any]] = {
    **{
        name: getattr(str, name)
        for name in ("strip", "rstrip", "lstrip", "lower", "upper", "split", "startswith")
    },
    **dict.fromkeys(("resolve", "absolute", "expanduser"), lambda path: PurePosixPath(normpath(path))),
    "joinpath": lambda path, *parts: path.joinpath(*parts),
    "as_posix": str,
    "get": lambda table, key, default=None: table.get(key, default),
    "copy": dict,
}
