"""The table of faults names tests that exist, and says of each row by what it is shown."""

import re
from pathlib import Path

PROJECT = Path(__file__).parents[2]
PAGE = (PROJECT / "docs/reliability.md").read_text(encoding="utf-8")
VALUES = ["real containers", "real Terraform", "real processes", "loopback stub", "pure logic"]
"""From the nearest to the real thing to the farthest."""


def rows() -> list[list[str]]:
    """Return the cells of every row of every table, heads left out."""
    lines = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if line.startswith("| ")]
    return [cells for cells in lines if cells[-1] != "shown by" and set(cells) != {"---"}]


def test_every_fault_has_its_test() -> None:
    """A test that is renamed takes its row along, and no two tests share the name that a row gives."""
    named = re.findall(r"`(test_\w+)`", PAGE)
    files = (PROJECT / "tests").rglob("test_*.py")
    present = [
        name
        for file in files
        for name in re.findall(r"^def (test_\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert len(named) > 20
    assert [name for name in named if present.count(name) != 1] == []


def test_every_row_names_tests_and_by_what_it_is_shown() -> None:
    """A row without a test, or without one of the values that the page's head explains, promises too much."""
    assert len(rows()) > 20
    assert [cells for cells in rows() if len(cells) != 4 or cells[2] not in VALUES] == []
    assert [cells for cells in rows() if not re.fullmatch(r"`test_\w+`(, `test_\w+`)*", cells[3])] == []


def test_every_table_has_the_column() -> None:
    """The values stand under the name by which the head explains them."""
    heads = [line for line in PAGE.splitlines() if line.endswith("| shown by |")]
    assert {line.split(" | ")[2] for line in heads} == {"by what"}


def test_the_head_explains_every_value_and_each_is_used() -> None:
    """A value that nobody explains says nothing; one that no row has is not needed."""
    head = PAGE.partition("\n## ")[0]
    assert re.findall(r"^- `(.+)`:", head, re.MULTILINE) == VALUES
    assert {cells[2] for cells in rows()} == set(VALUES)


def test_every_seeded_fault_has_its_row() -> None:
    """With the words that the test wants to see."""
    text = (PROJECT / "tests/e2e/test_seeded_faults.py").read_text(encoding="utf-8")
    seeded = re.findall(r'^    "([a-z][^"]+)": Seeded\(', text, re.MULTILINE)
    named = [cells[0] for cells in rows() if "`test_a_fault_of_the_source_is_named_first`" in cells[3]]
    assert seeded == named
