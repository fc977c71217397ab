"""Which release to roll back to."""

from collections.abc import Callable

import pytest
from release_samples import record

from pipeline.ecs.model import Outcome
from pipeline.errors import PipelineError
from pipeline.release.model import ReleaseRecord
from pipeline.release.rollback import choose_rollback

R1, R2, R3 = record(1), record(2), record(3)
BAD = [outcome for outcome in Outcome if not outcome.good]


def anything(_: ReleaseRecord) -> str | None:
    """Every record can be deployed again."""
    return None


def without(*gone: str) -> Callable[[ReleaseRecord], str | None]:
    """Return a judge that refuses these releases."""
    return lambda item: "image is gone" if item.release in gone else None


CASES = {
    "the newest other than the present": ([R3, R2, R1], "td:3", None, R2),
    "the present was never recorded": ([R2, R1], "td:9", None, R2),
    "nothing runs": ([R2, R1], None, None, R2),
    "a release by name": ([R3, R2, R1], "td:3", "r1", R1),
    "the present one by name changes nothing": ([R3, R2, R1], "td:3", "r3", R3),
    "NO_CHANGE is good too": ([R3, record(2, Outcome.NO_CHANGE)], "td:3", None, record(2, Outcome.NO_CHANGE)),
    "the present was recorded twice": ([record(4, task_definition="td:3"), R3, R2], "td:3", None, R2),
    "a rolled-back-to release is recorded again": (
        [record(4, task_definition="td:1", release="r1", kind="rollback"), R3, R2, R1],
        "td:3",
        None,
        record(4, task_definition="td:1", release="r1", kind="rollback"),
    ),
}


@pytest.mark.parametrize(("records", "present", "requested", "expected"), CASES.values(), ids=CASES)
def test_choice(
    records: list[ReleaseRecord], present: str | None, requested: str | None, expected: ReleaseRecord
) -> None:
    """The newest recorded good release that is not the present one, or the one asked for."""
    assert choose_rollback(records, present, anything, requested) == expected


@pytest.mark.parametrize("outcome", BAD)
def test_only_good_releases_are_candidates(outcome: Outcome) -> None:
    """A release that did not end well is never rolled back to, even when asked for."""
    records = [R3, record(2, outcome), R1]
    assert choose_rollback(records, "td:3", anything) == R1
    with pytest.raises(PipelineError, match=r"r2 is not recorded as good\. Recorded good releases: r3, r1\."):
        choose_rollback(records, "td:3", anything, "r2")


def test_a_release_that_cannot_be_deployed_is_passed_over() -> None:
    """An image that was deleted makes the next older release the target."""
    assert choose_rollback([R3, R2, R1], "td:3", without("r2")) == R1


def test_refused_candidates_are_all_named() -> None:
    """Where none serves, each is named with its reason."""
    with pytest.raises(PipelineError, match=r"r2 \(image is gone\), r1 \(image is gone\)"):
        choose_rollback([R3, R2, R1], "td:3", without("r1", "r2"))


def test_nothing_to_roll_back_to() -> None:
    """The first release has no predecessor."""
    with pytest.raises(PipelineError, match="No other release"):
        choose_rollback([R1], "td:1", anything)


def test_an_unknown_release_without_any_record() -> None:
    """Where nothing is recorded the message says none."""
    with pytest.raises(PipelineError, match="Recorded good releases: none"):
        choose_rollback([], "td:1", anything, "r7")
