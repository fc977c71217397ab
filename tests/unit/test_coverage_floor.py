"""The floor of coverage counts branches, of every package and of all of them together."""

import io
import json
import sys

import pytest
from coverage_floor import main, shares


def report(**reached: int) -> dict[str, object]:
    """Return a report of one file with a hundred branches for each package."""
    return {
        "files": {
            f"{package}/a.py": {"summary": {"num_branches": 100, "covered_branches": count}}
            for package, count in reached.items()
        }
    }


def test_shares_are_of_branches() -> None:
    """By package, and in all."""
    assert shares(report(pipeline=98, flows=88)) == {"all": 93.0, "flows": 88.0, "pipeline": 98.0}


@pytest.mark.parametrize(
    ("reached", "code"),
    [
        ({"pipeline": 98, "flows": 88}, 0),
        ({"pipeline": 98, "flows": 80}, 1),
        ({"pipeline": 94, "flows": 94}, 1),
        ({"flows": 99}, 1),
    ],
    ids=["enough", "too little in all", "too little of pipeline", "nothing of pipeline"],
)
def test_below_a_floor_it_fails(
    reached: dict[str, int], code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Unless only the figures are wanted."""
    for words, expected in (((), code), (("--show",), 0)):
        monkeypatch.setattr(sys, "argv", ["coverage_floor", *words])
        monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(report(**reached))))
        assert main() == expected
    assert "flows" in capsys.readouterr().out
