"""docs/security.md: its table of who may do what is made from the tests, and each cell is held by one."""

import ast
import re
from functools import cache

import pytest

from pipeline.environment.files import PROJECT
from tests.who_may_what import ACTS, CELLS, PAGE, marked, page

TEXT = PAGE.read_text(encoding="utf-8")


@cache
def _functions(file: str) -> frozenset[str]:
    tree = ast.parse((PROJECT / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_the_page_is_made_from_the_tests() -> None:
    """python tests/who_may_what.py writes it."""
    assert page(TEXT) == TEXT


def test_each_cell_is_held_by_a_test() -> None:
    """And no test is marked for a cell that is none."""
    held = {cell for cells in marked().values() for cell in cells}
    assert held == {(who, act) for who in CELLS for act in ACTS}


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(tests/[\w/]+\.py(?:::\w+)?)`", TEXT))))
def test_a_named_test_exists(name: str) -> None:
    """In the table, and wherever else the page names one."""
    file, _, function = name.partition("::")
    assert (PROJECT / file).is_file()
    assert not function or function in _functions(file)


def test_the_shorter_names_of_a_row_exist() -> None:
    """A second test of the same file is named without it."""
    for line in TEXT.splitlines():
        files = re.findall(r"`(tests/[\w/]+\.py)", line)
        for function in re.findall(r"`::(\w+)`", line):
            assert any(function in _functions(file) for file in files), function
