"""The ends of a rollout."""

from pipeline.ecs.model import Outcome


def test_the_ends_are_those_of_the_design() -> None:
    """Eight ends, two of them good."""
    assert {item.value for item in Outcome} == {
        "SUCCEEDED",
        "NO_CHANGE",
        "ROLLED_BACK",
        "FAILED",
        "SUPERSEDED",
        "TIMED_OUT",
        "UNHEALTHY",
        "UNKNOWN",
    }
    assert {item for item in Outcome if item.good} == {Outcome.SUCCEEDED, Outcome.NO_CHANGE}


def test_every_end_says_what_to_do() -> None:
    """Without a word that nothing is to do where something is."""
    for item in Outcome:
        assert item.advice.endswith(".")
        assert ("Nothing to do" in item.advice) is item.good
