"""What Prefect makes of a step that fails: a refusal is told at once, a transient error is tried again."""

from collections.abc import Iterator

import pytest
from prefect import flow
from prefect.testing.utilities import prefect_test_harness
from support.live import live_environment

import tasks.scan
from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import AwsError
from pipeline.environment.catalogue import environment
from pipeline.errors import PipelineError
from pipeline.image.scan import ScanResult
from pipeline.outputs import Outputs
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


def test_a_blocked_image_is_refused_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three waits for findings that do not come were a quarter of an hour."""
    waits = list[str]()

    def wait(_access: AwsAccess, _repository: str, digest: str) -> ScanResult:
        waits.append(digest)
        return ScanResult(unavailable="The scan did not end in time.")

    monkeypatch.setattr(tasks.scan, "wait_for_findings", wait)
    required = environment("staging").scan.model_copy(update={"required": True})
    outputs = Outputs.model_construct(repository_name="pay")
    live = live_environment(AwsAccess("af-south-1"), outputs, scan=required)

    @flow
    def deploying() -> str:
        return tasks.scan.pass_scan_gate(live, "sha256:1")

    with pytest.raises(tasks.scan.ScanBlockedError):
        deploying()
    assert waits == ["sha256:1"]
