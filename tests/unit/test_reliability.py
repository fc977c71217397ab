"""The table of faults names tests that exist."""

import re
from pathlib import Path

PROJECT = Path(__file__).parents[2]


def test_every_fault_has_its_test() -> None:
    """A test that is renamed takes its row along."""
    named = re.findall(r"`(test_\w+)`", (PROJECT / "docs/reliability.md").read_text(encoding="utf-8"))
    files = (PROJECT / "tests").rglob("test_*.py")
    present = {
        name
        for file in files
        for name in re.findall(r"^def (test_\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert len(named) > 20
    assert [name for name in named if name not in present] == []
