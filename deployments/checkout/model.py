"""Files of a checkout, and what is found about them. Pure."""

import ast
import tomllib
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from posixpath import basename
from typing import Any, Literal, get_args

from pipeline.errors import PipelineError

_SUBJECTS = tomllib.loads(Path(__file__).with_name("rules.toml").read_text(encoding="utf-8"))
_RULES = {name: (subject, rule) for subject, rules in _SUBJECTS.items() for name, rule in rules.items()}


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

    def walk(self, path: str) -> Iterator[ast.AST]:
        """Yield all nodes of a Python file; none where it cannot be read."""
        return ast.walk(self.tree(path) or ast.Module([], []))

    def python(self) -> list[str]:
        """Return the paths of all Python files but tests."""
        return [path for path in sorted(self.files) if path.endswith(".py") and not _is_test(path)]


def _is_test(path: str) -> bool:
    *folders, name = path.split("/")
    return bool({"test", "tests"} & set(folders)) or name.startswith(("test_", "conftest", "tests"))


@cache
def parse(text: str) -> ast.Module | None:
    """Parse Python; None for what is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they are about the application's code, and nobody asked
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


Ruling = Literal["change", "configure", "unknown", "fits"]
"""``change`` alone needs an edit of the application; ``unknown`` says who tells later."""


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


def find(
    rule: str, settings: Mapping[str, Any] | None = None, ask: tuple[str, ...] = (), **words: object
) -> CheckoutFinding:
    """Make a finding by a rule of rules.toml, whose words are filled in."""
    subject, known = _RULES[rule]
    ruling = next(word for word in get_args(Ruling) if word in known)
    code = tuple("\n".join(known.get("code", ())).format(**words).splitlines())
    given = known.get("settings", {}) if settings is None else settings
    return CheckoutFinding(ruling, subject, known[ruling].format(**words), given, code, ask)
