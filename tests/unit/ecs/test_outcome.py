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


def test_every_end_has_its_own_advice() -> None:
    """What to do next is one sentence, and another one for each end."""
    advice = [item.advice for item in Outcome]
    assert len(set(advice)) == len(advice)
    assert all(text.endswith(".") for text in advice)
