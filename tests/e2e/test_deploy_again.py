"""The first release, the same one again, and a second one while a client never stops asking."""

from dataclasses import dataclass
from uuid import UUID

import httpx
import pytest
from prefect.client.schemas.objects import FlowRun
from stack_commands import until
from support.house import House
from support.visitor import Visitor

from pipeline.ecs.model import Outcome, Service
from pipeline.release.model import ReleaseRecord

pytestmark = [pytest.mark.stack, pytest.mark.docker, pytest.mark.timeout(600)]


@dataclass(frozen=True)
class Rollout:
    """What there was before, during and after the second release."""

    before: ReleaseRecord
    service_before: Service
    first: FlowRun
    second: FlowRun
    seen: list[set[str]]
    """The states of the two runs, whenever they were looked at while both were there."""
    visitor: Visitor


@pytest.fixture(scope="module")
def rollout(house: House) -> Rollout:
    """Two runs of the same new release, started one right after the other."""
    before, service = house.newest(), house.service()
    house.application.change()
    with house.visitor() as visitor:
        runs = [house.start("deploy-application"), house.start("deploy-application")]
        seen: list[set[str]] = []

        def first_ended() -> bool:
            states = [house.prefect.read_flow_run(run).state for run in runs]
            seen.append({state.name for state in states if state is not None})
            return any(state is not None and state.is_final() for state in states)

        until(first_ended, 240)
        first, second = sorted((house.end(run) for run in runs), key=lambda run: str(run.end_time))
    return Rollout(before, service, first, second, seen, visitor)


def test_the_first_release_answers_from_the_pushed_digest(house: House) -> None:
    """HTTP 200 through the load balancer names the recorded release, and Docker runs the recorded image."""
    record = house.newest()
    assert record.outcome is Outcome.SUCCEEDED
    assert house.prefect.read_flow_run(UUID(record.flow_run)).name == f"local: {record.release}"
    assert record.kind == "deploy"
    url = f"http://localhost:{house.stack.settings.aws_port}/health/"
    answer = httpx.get(url, headers={"Host": house.outputs.load_balancer_dns}, trust_env=False)
    assert (answer.status_code, answer.json()["release"]) == (200, record.release)
    assert house.digests() == {record.image_digest}
    assert house.releases.open_rollout() is None


def test_the_same_again_is_no_change(house: House) -> None:
    """An unchanged source ends as NO_CHANGE, moves nothing and adds no record."""
    service, records = house.service(), house.releases.newest()
    run = house.complete("deploy-application")
    assert run.state is not None
    assert f"NO_CHANGE: release {house.newest().release}" in str(run.state.message)
    assert any("NO_CHANGE: release" in line for line in house.whole_log(run.id))
    assert house.service().deployments == service.deployments
    assert house.releases.newest() == records
    assert run.total_run_time.total_seconds() < 60
    assert house.releases.open_rollout() is None


def test_the_new_release_replaces_the_old_one(house: House, rollout: Rollout) -> None:
    """The service runs the digest of the new record, whose predecessor is the first release."""
    assert rollout.first.state_name == "Completed", rollout.first.state
    record = house.newest()
    assert record.outcome is Outcome.SUCCEEDED
    assert record.release != rollout.before.release
    assert record.previous_task_definition == rollout.before.task_definition
    assert record.flow_run == str(rollout.first.id)
    assert house.digests() == {record.image_digest}


def test_no_request_is_lost(rollout: Rollout) -> None:
    """The client got a good answer every time: from the old release, then from the new one."""
    assert len(rollout.visitor.visits) > 100
    assert rollout.visitor.bad == []
    assert len(rollout.visitor.releases) == 2


def test_two_runs_at_once_make_one_rollout(house: House, rollout: Rollout) -> None:
    """The second run waits for the first one, then finds nothing to do."""
    assert {"AwaitingConcurrencySlot"} <= set().union(*rollout.seen)
    assert not any(states == {"Running"} for states in rollout.seen)
    assert rollout.second.state_name == "Completed", rollout.second.state
    assert any("NO_CHANGE" in line for line in house.whole_log(rollout.second.id))
    assert rollout.second.start_time is not None
    assert rollout.first.end_time is not None
    assert rollout.second.start_time >= rollout.first.end_time
    known = {item.id for item in rollout.service_before.deployments}
    assert len([item for item in house.service().deployments if item.id not in known]) == 1
