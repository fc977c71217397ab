"""The short way of answers, which most histories of a simulation take, gives the same histories."""

import re

import pytest
from region_histories import History

_RANDOM = re.compile(r"-[0-9a-f]{12}\.gz")
"""Random part of a backup's name."""


def _played(seed: int, *, short: bool) -> tuple[list[str], list[str], list[tuple[float, str, str]]]:
    history = History(seed)
    history.world.wire.short = short
    broken = history.play()
    steps = [_RANDOM.sub("", step) for step in history.steps]
    return broken, steps, [(line.at, line.service, line.operation) for line in history.world.wire.lines]


@pytest.mark.parametrize("seed", [3, 6, 22])
def test_a_history_is_the_same_whichever_way_its_answers_take(seed: int) -> None:
    """A history of good and bad weather: the same requests at the same moments, the same words."""
    assert _played(seed, short=True) == _played(seed, short=False)
