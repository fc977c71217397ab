"""docs/security.md: its table of who may do what is whole, and each cell names tests that exist."""

import ast
import re
from functools import cache

import pytest

from pipeline.environment.files import PROJECT

TEXT = (PROJECT / "docs" / "security.md").read_text(encoding="utf-8")
SECTION = TEXT.partition("## Who may do what\n")[2].partition("\n## ")[0]
LINES = re.findall(r"^\|.*", SECTION, re.MULTILINE)
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in LINES]
TESTS = dict(re.findall(r"^(\d+)\. `(.+)`$", SECTION, re.MULTILINE))
WHO = [
    "people",
    "CI of each environment",
    "webhook",
    "worker of each environment",
    "application container",
    "host neighbour",
    "web page on the operator's machine",
]


@cache
def _functions(file: str) -> frozenset[str]:
    tree = ast.parse((PROJECT / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_everybody_has_a_row_and_every_act_a_column() -> None:
    """Nobody is left out, and no cell is empty."""
    assert ROWS[0] == ["who", "reach", "read", "start", "approve"]
    assert [row[0] for row in ROWS[2:]] == WHO
    assert {len(row) for row in ROWS} == {5}


def test_each_cell_is_held_by_a_test() -> None:
    """And no test is listed that holds none."""
    found = [re.fullmatch(r".+ \(([\d, ]+)\)", cell) for row in ROWS[2:] for cell in row[1:]]
    numbers = [number for held in found if held for number in held[1].split(", ")]
    assert all(found)
    assert set(numbers) == set(TESTS)


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
