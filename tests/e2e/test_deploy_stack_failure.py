"""The worker or the Prefect server dies in the middle of a deployment; `up` and a new run put it right."""

import os
import signal
from uuid import UUID

import pytest
from stack_commands import until
from support.house import House
from support.killing import process_of

pytestmark = [pytest.mark.stack, pytest.mark.docker, pytest.mark.timeout(600)]

FLOW = "deploy-application"


def test_after_the_death_of_the_worker_a_new_run_converges(house: House) -> None:
    """`up` ends the run that the killed worker left behind, which counts as crashed; the next one goes on."""
    known = deployments(house)
    run = began(house)
    os.kill(house.stack.up()["worker"], signal.SIGKILL)
    house.stack.up()
    assert house.end(run).state_name == "Crashed"
    last = house.complete(FLOW)
    assert any("re-attached" in line for line in house.whole_log(last.id))
    assert len(deployments(house) - known) == 1
    assert house.newest().outcome.good
    assert house.releases.open_rollout() is None


def test_a_run_outlives_the_death_of_the_prefect_server(house: House) -> None:
    """The run waits for the server to come back and then ends well by itself."""
    known = deployments(house)
    run = began(house)
    os.kill(house.stack.up()["prefect"], signal.SIGKILL)
    house.stack.up()
    assert house.end(run).state_name == "Completed"
    assert len(deployments(house) - known) == 1
    assert house.newest().flow_run == str(run)
    assert house.releases.open_rollout() is None


def began(house: House) -> UUID:
    """Start the deployment of a new release and wait until ECS has begun its rollout."""
    assert house.releases.open_rollout() is None
    house.application.change()
    run = house.start(FLOW)
    process_of(str(house.stack.settings.state), run)
    until(lambda: house.releases.open_rollout() is not None, 120)
    return run


def deployments(house: House) -> set[str]:
    """Return the ids of the service's deployments."""
    return {item.id for item in house.service().deployments}
