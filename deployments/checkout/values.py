"""Values of settings, known or left open, and what settings do with them. Pure."""

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


@dataclass(frozen=True)
class Open:
    """A value that the text leaves open: to an environment variable, or to what only a run tells."""

    options: tuple[Any, ...] = ()
    """Values that it may be, of a variable its default; () where the text has none."""
    variable: str = ""
    whole: bool = True
    """Whether the variable is all of the value."""

    @property
    def default(self) -> Any:
        """Value without the variable."""
        return self.options[0] if self.options else UNKNOWN


UNKNOWN = Open()


def one_of(*values: Any) -> Any:
    """Return a value that is one of several; unknown where they are too many."""
    found = tuple(item for value in values for item in options(value))
    return Open(found) if len(found) <= _MOST_OPTIONS else UNKNOWN


def options(value: Any) -> tuple[Any, ...]:
    """Return what a value may be, as far as no variable decides."""
    several = isinstance(value, Open) and value.options and not value.variable
    return value.options if several else (value,)


def truth(value: Any) -> bool | None:
    """Return whether a value counts as true; None where that cannot be told."""
    return None if isinstance(value, Open) else bool(value)


def lift(function: Callable[..., Any], *values: Any) -> Any:
    """Apply a function to values, of which some are left open."""
    for number, value in enumerate(values):
        if isinstance(value, Open):
            before, after = values[:number], values[number + 1 :]
            made = [lift(function, *before, item, *after) for item in value.options]
            return replace(value, options=tuple(made), whole=False) if value.variable else one_of(*made)
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
    elif isinstance(value, Open | dict | list | tuple) and depth < _DEEPEST:
        decides = value.variable if isinstance(value, Open) else ""
        parts = value.options if isinstance(value, Open) else value
        for item in parts.values() if isinstance(parts, dict) else parts:
            yield from texts(item, decides or variable, depth + 1)


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


def _normal(path: Any) -> str:
    return normpath(str(path))


PATHS: dict[str, Callable[..., Any]] = {
    "join": lambda *parts: join(*map(str, parts)),
    "dirname": lambda path: dirname(str(path)),
    **dict.fromkeys(("abspath", "realpath", "normpath"), _normal),
    **dict.fromkeys(("Path", "PurePath", "PosixPath"), PurePosixPath),
}
CASTS: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("list", "set", "sorted", "tuple"), list),
    "str": str,
    "dict": dict,
}
METHODS: dict[str, Callable[..., Any]] = {
    **{name: getattr(str, name) for name in ("strip", "rstrip", "lstrip", "lower", "upper", "split")},
    **dict.fromkeys(("resolve", "absolute", "expanduser"), lambda path: PurePosixPath(_normal(path))),
    "startswith": str.startswith,
    "joinpath": PurePosixPath.joinpath,
    "as_posix": str,
    "get": dict.get,
    "copy": dict,
}
