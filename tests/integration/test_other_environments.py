"""A real Prefect server takes no other environment from whoever starts a deployment."""

from collections.abc import Iterator

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.exceptions import PrefectHTTPStatusError
from prefect.testing.utilities import prefect_test_harness

from deployments import prefect_file
from deployments.work_pools import register_work_pools
from pipeline.environment.loader import environment, environments

ENTRYPOINT = "flows/verify_health.py:verify_health"


@pytest.fixture(scope="module")
def client() -> Iterator[SyncPrefectClient]:
    """A server with one flow deployed to every environment."""
    with prefect_test_harness(server_startup_timeout=240), get_client(sync_client=True) as found:
        for name in environments():
            item = environment(name)
            register_work_pools(found, item)
            (entry,) = [each for each in prefect_file.entries(item) if each.entrypoint == ENTRYPOINT]
            prefect_file._create(found, entry, item)
        yield found


@pytest.mark.holds("people", "start")
@pytest.mark.parametrize("asked", list(environments()))
@pytest.mark.parametrize("deployed", list(environments()))
def test_a_run_is_of_its_deployments_environment(
    client: SyncPrefectClient, deployed: str, asked: str
) -> None:
    """All pairs; the right one may be named or left out."""
    found = client.read_deployment_by_name(f"verify-health/{deployed}")
    if asked == deployed:
        for parameters in ({}, {"environment": asked}):
            run = client.create_flow_run_from_deployment(found.id, parameters=parameters)
            assert run.parameters["environment"] == deployed
    else:
        with pytest.raises(PrefectHTTPStatusError, match=r"422|409|400"):
            client.create_flow_run_from_deployment(found.id, parameters={"environment": asked})
