"""A second release, asked for twice at once, while a client never stops asking."""

from dataclasses import dataclass

import pytest
from prefect.client.schemas.objects import FlowRun
from stack_commands import until
from support.house import House
from support.visitor import Visitor

from pipeline.ecs.model import Service
from pipeline.ecs.outcome import Outcome
from pipeline.release import ReleaseRecord

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


def test_the_new_release_replaces_the_old_one(house: House, rollout: Rollout) -> None:
    """The service runs the digest of the new record, whose predecessor is the first release."""
    assert rollout.first.state_name == "Completed", rollout.first.state
    record = house.newest()
    assert record.outcome is Outcome.SUCCEEDED
    assert record.release != rollout.before.release
    assert record.previous_task_definition == rollout.before.task_definition
    assert record.flow_run == str(rollout.first.id)
    assert house.digests() == {record.image_digest}


def test_no_request_is_lost_but_to_tasks_that_the_emulator_registers_too_early(rollout: Rollout) -> None:
    """Old and new release answer all along.

    The emulator sends requests to a task as soon as its container runs, healthy or not, so a few meet a
    server that does not listen yet; AWS registers no target before its health checks pass. Nothing else may
    go wrong.
    """
    visits = rollout.visitor.visits
    assert len(visits) > 100
    others = [visit for visit in rollout.visitor.bad if "Connection refused" not in visit.text]
    assert others == []
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
