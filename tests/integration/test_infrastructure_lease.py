"""One run at a time works on an environment's infrastructure, before a real Prefect server."""

from collections.abc import Iterator

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.testing.utilities import prefect_test_harness

from blocks import Target
from pipeline.aws import AwsAccess
from pipeline.environment import environment
from tasks.lease import OccupiedError, one_change_at_a_time


@pytest.fixture(scope="module", autouse=True)
def server() -> Iterator[None]:
    """A Prefect server of our own."""
    with prefect_test_harness(server_startup_timeout=120):
        yield


@flow(name="works", persist_result=False)
def work(name: str, meanwhile: str = "", patience: float = 600) -> str:
    """Hold the place of an environment, and try for another one's meanwhile."""
    target = Target(environment(name), AwsAccess("af-south-1"))
    with one_change_at_a_time(target, patience):
        return work(meanwhile, patience=1) if meanwhile else "done"


def test_a_second_run_waits_and_says_for_whom() -> None:
    """While one holds the place no other gets it; the error names the environment and the limit."""
    with pytest.raises(OccupiedError, match=r"Another run has worked on staging.*infrastructure-staging"):
        work("staging", meanwhile="staging")


def test_environments_do_not_wait_for_each_other() -> None:
    """Each has a place of its own."""
    assert work("staging", meanwhile="local") == "done"


def test_the_place_is_free_after_a_failure() -> None:
    """A run that failed keeps nobody out."""
    with pytest.raises(OccupiedError):
        work("production", meanwhile="production")
    with get_client(sync_client=True) as client:
        assert client.read_global_concurrency_limit_by_name("infrastructure-production").active_slots == 0
    assert work("production") == "done"
