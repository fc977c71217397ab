"""Files of a checkout, and what is found about them. Pure."""

import ast
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from posixpath import basename
from typing import Any, Literal

from pipeline.errors import PipelineError


class CheckoutError(PipelineError):
    """A path holds no Django application that can be looked at."""


@dataclass(frozen=True)
class Checkout:
    """Files of a checkout by their paths in it, such as ``shop/settings.py``."""

    files: Mapping[str, str]
    """Texts; "" for what is no text."""
    executable: frozenset[str] = frozenset()

    def named(self, name: str) -> list[str]:
        """Return the files of this name, those nearest to the top first."""
        found = (path for path in self.files if basename(path) == name)
        return sorted(found, key=lambda path: (path.count("/"), path))

    def text(self, path: str) -> str:
        """Return a file's text; "" where there is none."""
        return self.files.get(path, "")

    def tree(self, path: str) -> ast.Module | None:
        """Return a Python file's syntax tree; None where it cannot be read as Python."""
        return parse(self.text(path))

    def python(self) -> Iterator[str]:
        """Yield the paths of all Python files but tests."""
        for path in sorted(self.files):
            parts = path.split("/")
            tests = (
                "tests" in parts or "test" in parts or parts[-1].startswith(("test_", "conftest", "tests"))
            )
            if path.endswith(".py") and not tests:
                yield path


@cache
def parse(text: str) -> ast.Module | None:
    """Parse Python; None for what is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they are about the application's code, and nobody asked
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


Ruling = Literal["fits", "configure", "change", "unknown"]
"""The first two need no edit of the application; ``unknown`` says who tells later."""


@dataclass(frozen=True)
class CheckoutFinding:
    """A fact about a checkout with what is to be done about it."""

    ruling: Ruling
    subject: str
    text: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What the environment's table in environments.toml needs."""
    code: tuple[str, ...] = ()
    """Lines for the application's files."""
    ask: tuple[str, ...] = ()
    """Names of variables whose values nobody but the owner knows."""
