"""What runs and their steps do before a real Prefect server: wait for one another, and try again or not."""

from collections.abc import Iterator

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.concurrency.services import ConcurrencySlotAcquisitionWithLeaseService
from prefect.testing.utilities import prefect_test_harness
from support.live import live_environment

import tasks.image
from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import AwsError
from pipeline.environment.loader import environment
from pipeline.errors import PipelineError
from pipeline.image.request import ImageError
from pipeline.image.scan import ScanResult
from pipeline.live import LiveEnvironment
from pipeline.outputs import Outputs
from tasks import support
from tasks.lease import (
    LEASE,
    EnvironmentBusyError,
    one_change_at_a_time,
    one_delivery_at_a_time,
    refuse_second_delivery,
)

THROTTLED = AwsError("throttled", "ThrottlingException")
EXPIRED = AwsError("expired", "ExpiredTokenException")


@pytest.fixture(scope="module", autouse=True)
def server() -> Iterator[None]:
    """A Prefect server of our own; what takes places would go on asking the one of tests before."""
    ConcurrencySlotAcquisitionWithLeaseService.drain_all(timeout=30)
    with prefect_test_harness(server_startup_timeout=120), pytest.MonkeyPatch.context() as patched:
        patched.setattr("tasks.lease._switch_rollback_on", lambda *_: None)  # there is no service
        yield


@flow(name="works", persist_result=False)
def work(environment: str, meanwhile: str = "", patience: float = 600) -> str:
    """Hold the lock of an environment, and try for another one's meanwhile."""
    with one_change_at_a_time(target_of(environment), patience):
        return work(meanwhile, patience=1) if meanwhile else "done"


def target_of(name: str, policy: str = "wait") -> LiveEnvironment:
    """Return an environment that refuses or waits."""
    return live_environment(AwsAccess("af-south-1"), name=name, concurrent_deploys=policy)


def test_a_second_run_waits_and_says_for_whom() -> None:
    """While one holds the lock no other gets it; the error names the environment and the limit."""
    with pytest.raises(
        EnvironmentBusyError, match=r"Another run has worked on staging.*infrastructure-staging"
    ):
        work("staging", meanwhile="staging")


def test_environments_do_not_wait_for_each_other() -> None:
    """Each has a place of its own."""
    assert work("staging", meanwhile="local") == "done"


def test_the_place_is_free_after_a_failure() -> None:
    """A run that failed keeps nobody out."""
    with pytest.raises(EnvironmentBusyError):
        work("production", meanwhile="production")
    with get_client(sync_client=True) as client:
        assert client.read_global_concurrency_limit_by_name("infrastructure-production").active_slots == 0
    assert work("production") == "done"


@flow(name="delivers", persist_result=False)
def deliver(environment: str, policy: str = "wait", meanwhile: bool = False) -> str:
    """Move a service, or find that another run does."""
    target = target_of(environment, policy)
    if meanwhile:
        with one_delivery_at_a_time(target):
            return deliver(environment, policy)
    refuse_second_delivery(target)
    with one_delivery_at_a_time(target):
        return "moved"


def test_a_second_deployment_is_refused_where_the_environment_says_so() -> None:
    """It ends within seconds, before anything was built, and says whom it would have to wait for."""
    with pytest.raises(
        EnvironmentBusyError, match=r"Another run has worked on staging for 10 seconds.*delivery-staging"
    ):
        deliver("staging", policy="refuse", meanwhile=True)
    assert deliver("staging", policy="refuse") == "moved"


def test_the_place_of_a_dead_run_is_taken_at_once() -> None:
    """Nobody waits for the lease of a run that was killed; the lease's own end frees no lock later."""
    hold("delivery-production")
    assert deliver("production") == "moved"


def test_the_place_stays_while_any_other_run_is_at_work() -> None:
    """Which of them holds it is not known: a living run's place must not be given away."""
    hold("infrastructure-production")
    with pytest.raises(EnvironmentBusyError):
        busy("production")


@flow(name="is-busy", persist_result=False)
def busy(environment: str) -> str:
    """Do something else in the environment, while another run wants its place."""
    return work(environment, patience=2)


def hold(name: str) -> None:
    """Take a lock and die: nobody renews or returns the lease."""
    with get_client(sync_client=True) as client:
        client.upsert_global_concurrency_limit_by_name(name, 1)
        taken = client.increment_concurrency_slots_with_lease([name], 1, "concurrency", LEASE)
    assert taken.json()["limits"]


@pytest.fixture
def short_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test wait."""
    monkeypatch.setattr(support, "DELAYS", (0.0, 0.0))


@pytest.mark.usefixtures("short_delays")
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

    def wait(_access: AwsAccess, _repository: str, digest: str, _architecture: str) -> ScanResult:
        waits.append(digest)
        return ScanResult(unavailable="The scan did not end in time.")

    monkeypatch.setattr(tasks.image, "wait_for_findings", wait)
    monkeypatch.setattr(tasks.image, "_architecture", lambda _: "amd64")
    required = environment("staging").scan.model_copy(update={"required": True})
    outputs = Outputs.model_construct(repository_name="pay")
    live = live_environment(AwsAccess("af-south-1"), outputs, scan=required)

    @flow
    def deploying() -> str:
        return tasks.image.pass_scan_gate(live, "sha256:1")

    with pytest.raises(ImageError, match="is not deployed; nothing was changed"):
        deploying()
    assert waits == ["sha256:1"]
