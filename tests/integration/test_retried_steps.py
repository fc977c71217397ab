"""What Prefect makes of a step that fails: a refusal is told at once, a transient error is tried again."""

from collections.abc import Iterator

import pytest
from prefect import flow
from prefect.testing.utilities import prefect_test_harness

from pipeline.aws.errors import AwsError
from pipeline.errors import PipelineError
from tasks import support

THROTTLED = AwsError("throttled", "ThrottlingException")
EXPIRED = AwsError("expired", "ExpiredTokenException")


@pytest.fixture(scope="module", autouse=True)
def prefect() -> Iterator[None]:
    """Run a Prefect server for the module."""
    with prefect_test_harness(server_startup_timeout=120):
        yield


@pytest.fixture(autouse=True)
def short_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test wait."""
    monkeypatch.setattr(support, "DELAYS", (0.0, 0.0))


@pytest.mark.parametrize(
    ("errors", "calls"),
    [
        ([THROTTLED, THROTTLED], 3),
        ([THROTTLED, EXPIRED], 2),
        ([EXPIRED], 1),
        ([PipelineError("days=31")], 1),
    ],
    ids=["transient", "expires meanwhile", "expired", "refusal"],
)
def test_how_often_a_step_is_tried(errors: list[Exception], calls: int) -> None:
    """One that comes through in the end succeeds; a final error is raised as it came."""
    left, seen = list(errors), list[int]()

    @support.retried_step
    def asked() -> str:
        seen.append(len(left))
        if left:
            raise left.pop(0)
        return "well"

    @flow
    def asking() -> str:
        return asked()

    if errors[-1] is THROTTLED:
        assert asking() == "well"
    else:
        with pytest.raises(type(errors[-1]), match=str(errors[-1])):
            asking()
    assert len(seen) == calls
