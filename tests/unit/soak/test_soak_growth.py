"""The soak tells what has an end from what has none."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))
from soak.growth import judge


def verdict(name: str, *values: int) -> str:
    """Judge one measure of these months."""
    (found,) = judge([{name: value} for value in values])
    return found.verdict


@pytest.mark.parametrize(
    ("name", "months", "expected"),
    [
        ("rows", (10, 400, 900, 1000, 1000, 990), "bounded"),
        ("rows", (100, 200, 300, 400, 500, 600), "GROWS"),
        ("rows", (0, 0, 0, 2, 4, 6), "GROWS"),
        ("rows", (5, 5, 5, 5, 5, 6), "bounded"),
        ("disk: bytes in prefect", (0, 0, 0, 0, 2_000_000, 2_000_000), "bounded"),
        ("disk: bytes in prefect", (0, 0, 0, 1_000_000, 2_000_000, 3_000_000), "GROWS"),
        ("memory: bytes of worker", (70_000_000, 80_000_000, 80_500_000, 81_000_000), "bounded"),
        ("b: objects below releases/local/records", (10, 20, 30, 40, 50, 60), "history"),
        ("b: objects below releases/local/other", (10, 20, 30, 40, 50, 60), "GROWS"),
        ("x-log-archive-1: objects below logs/local", (60, 120, 180, 240), "history"),
    ],
)
def test_the_second_half_decides(name: str, months: tuple[int, ...], expected: str) -> None:
    """What fills up at first and then stays has an end; a step, or a share of what is there, is no growth."""
    assert verdict(name, *months) == expected


def test_what_was_not_there_at_first_counts_as_nothing() -> None:
    """A kind of object that appears late is judged like the others."""
    growths = judge([{}, {"a": 5}, {"a": 10}, {"a": 15}])
    assert [(item.first, item.last, item.verdict) for item in growths] == [(0.0, 15.0, "GROWS")]
