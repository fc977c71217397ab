"""Files and functions stay short enough to be read at once, and names and docstrings say what is meant."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
FOLDERS = ("flows", "tasks", "blocks", "pipeline", "deployments", "tests")
FILES = sorted(path for folder in FOLDERS for path in (PROJECT / folder).rglob("*.py"))
PRODUCT = [path for path in FILES if not path.is_relative_to(PROJECT / "tests")]
LINES = 300
BODY = 40
"""Lines of a function beside its docstring: a flow's is its page in the UI."""
LONGER_FILES = {"tests/integration/test_automations.py"}
"""To be split; nothing new belongs here."""


def _long(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            described = len((ast.get_docstring(node, clean=False) or "").splitlines())
            length = (node.end_lineno or 0) - node.lineno + 1 - described
            if length > BODY:
                yield f"{node.name}: {length} lines"


@pytest.mark.parametrize("folder", FOLDERS)
def test_functions_are_short(folder: str) -> None:
    """What is longer does several things, which have names."""
    found = {
        path.relative_to(PROJECT).as_posix(): long
        for path in FILES
        if path.is_relative_to(PROJECT / folder)
        and (long := list(_long(ast.parse(path.read_text(encoding="utf-8")))))
    }
    assert found == {}


def test_files_are_short() -> None:
    """What is longer holds several ideas; an exception that is short by now is none."""
    long = {
        path.relative_to(PROJECT).as_posix()
        for path in FILES
        if len(path.read_text(encoding="utf-8").splitlines()) > LINES
    }
    assert long == LONGER_FILES


def test_test_modules_have_names_of_their_own() -> None:
    """Their folders are no packages: of two of the same name pytest takes one alone."""
    names = Counter(
        path.name for path in FILES if path.is_relative_to(PROJECT / "tests") and path.name[:5] == "test_"
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_each_class_has_a_name_of_its_own() -> None:
    """A name with two meanings sends the reader to the wrong place."""
    names = Counter(
        node.name
        for path in PRODUCT
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_a_docstring_names_its_subject() -> None:
    """A question, or a clause without a noun ("What it is"), leaves the reader to find out what is meant."""
    vague = [
        f"{path.relative_to(PROJECT)}: {first}"
        for path in PRODUCT
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and (first := (ast.get_docstring(node) or "").partition("\n")[0])
        and (re.match(r"(What|Who|How|Where|Why|When|That|Which|Of|As)\b", first) or first.endswith("?"))
    ]
    assert vague == []
