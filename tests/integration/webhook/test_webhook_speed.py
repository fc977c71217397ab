"""How soon deliveries are answered: a claim about a machine with nothing else to do."""

import pytest
from webhook_support.deliveries import steady_load
from webhook_support.world import World

pytestmark = pytest.mark.nightly


def test_deliveries_are_answered_before_github_gives_up(world: World) -> None:
    """GitHub waits ten seconds; of 200 deliveries a second, 99 in a hundred have their answer by then."""
    answers = world.deliver_steadily(steady_load(0), 200)
    assert {status for status, _ in answers} <= {200, 202}
    assert sorted(seconds for _, seconds in answers)[len(answers) * 99 // 100] < 10
