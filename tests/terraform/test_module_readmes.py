"""Every module says what it is for, what it takes and what it gives."""

from pathlib import Path

import pytest
from module_readme import MARKER, Block, blocks, folders, readme


def _id(folder: Path) -> str:
    return folder.name


def _variables() -> list[tuple[str, Block]]:
    return [
        (folder.name, block) for folder in folders() for block in blocks(folder) if block.kind == "variable"
    ]


@pytest.mark.parametrize("folder", folders(), ids=_id)
def test_readme_is_what_the_generator_writes(folder: Path) -> None:
    """A README that drifted from its module is renewed by: python tests/terraform/module_readme.py."""
    assert (folder / "README.md").read_text(encoding="utf-8") == readme(folder)


@pytest.mark.parametrize("folder", folders(), ids=_id)
def test_readme_begins_with_the_purpose(folder: Path) -> None:
    """The introduction above the tables is written by hand and says more than a title."""
    introduction = (folder / "README.md").read_text(encoding="utf-8").partition(MARKER)[0]
    assert len(introduction.split()) > 10


def test_every_variable_is_typed_and_described() -> None:
    """A variable without type or description cannot be used without reading the module."""
    poor = [f"{module}.{block.name}" for module, block in _variables() if not _is_clear(block)]
    assert poor == []


def test_every_output_is_described() -> None:
    """So is an output without description."""
    found = [
        (folder.name, block) for folder in folders() for block in blocks(folder) if block.kind == "output"
    ]
    assert found
    assert [f"{module}.{block.name}" for module, block in found if len(block.description) < 10] == []


def test_generator_reads_every_block() -> None:
    """The pattern misses no variable, output or resource of a formatted file."""
    for folder in folders():
        text = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.tf"))
        declared = sum(line.startswith(("variable ", "output ", "resource ")) for line in text.splitlines())
        assert len(blocks(folder)) == declared


def _is_clear(block: Block) -> bool:
    return len(block.description) > 10 and bool(block.attributes.get("type"))
