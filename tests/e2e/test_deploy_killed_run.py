"""Runs that are killed at every step boundary: the next run of the release converges, with one rollout."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest
from stack_commands import until
from support.application import HARMLESS
from support.fault_proxy import Request
from support.gate import Chosen, Closed, Gate
from support.house import House
from support.killing import RunProcess, process_of
from support.steps import has_begun, step_runs

from pipeline.ecs.model import Outcome
from pipeline.release.model import Rollout

pytestmark = [pytest.mark.stack, pytest.mark.docker, pytest.mark.timeout(600)]

FLOW = "deploy-application"


@dataclass(frozen=True)
class Before:
    """The service before the release was asked for, and the newest revision of its task definition."""

    task_definition: str
    deployments: frozenset[str]
    revision: int


@pytest.fixture
def before(house: House) -> Before:
    """A new release is there to be deployed."""
    assert house.releases.open_rollout() is None
    service = house.service()
    ids = frozenset(item.id for item in service.deployments)
    found = Before(service.task_definition, ids, house.newest_revision())
    house.application.change(migration=HARMLESS)
    return found


@pytest.fixture
def gate(house: House) -> Iterator[Gate]:
    """Everything that flows ask of AWS passes it."""
    made = Gate()
    with house.through_proxy(made.decide, made.told):
        yield made


def killed_before_it_moves(house: House, before: Before, gate: Gate) -> None:
    """Runs are killed at each step before the service is asked to move."""
    for step in ("preflight", "fetch_source", "build_release", "push_release"):
        with gate.closed(before=registers):
            killed_when(house, lambda run, step=step: has_begun(house.prefect, run, step))
    assert house.newest_revision() == before.revision

    with gate.closed(after=registers) as closed:
        killed_at(house, closed)
    assert house.newest_revision() == before.revision + 1

    with gate.closed(after=runs_task("smoke-test-")) as closed:  # which surveys
        killed_at(house, closed)
    with gate.closed(before=asks_for_scan) as closed:
        killed_at(house, closed)
    with gate.closed(after=runs_task("migrate-")) as closed:
        killed_at(house, closed)
    with gate.closed(before=lambda request: is_note(request, "PUT")):
        killed_when(house, lambda run: has_begun(house.prefect, run, "smoke_test_release"))
    assert house.service().task_definition == before.task_definition


@pytest.mark.nightly
def test_killed_at_every_step_the_release_still_rolls_out_once(
    house: House, before: Before, gate: Gate
) -> None:
    """Twelve runs of one release are killed with SIGKILL, each at a later step; the next one ends well."""
    with house.visitor() as visitor:
        killed_before_it_moves(house, before, gate)

        with gate.closed(before=notes_rollout) as closed:
            killed_at(house, closed)
        assert house.service().task_definition != before.task_definition
        assert require(house.releases.open_rollout()).deployment_id == ""

        killed_when(house, lambda run: step_runs(house.prefect, run, "verify_release"))

        records = house.count_records()
        with gate.closed(before=forgets_rollout) as closed:
            killed_at(house, closed)
        assert house.count_records() == records + 1
        assert house.releases.open_rollout() is not None
        last = house.complete(FLOW)

    assert any("re-attached" in line for line in house.whole_log(last.id))
    converged(house, before)
    assert len(house.newest().migrations) == 1
    assert house.newest().backup
    assert house.one_off_tasks("smoke-test-") == []
    assert visitor.bad == []


def test_killed_while_watching_the_next_run_attaches_to_the_same_rollout(
    house: House, before: Before, gate: Gate
) -> None:
    """The rollout that the killed run began is watched to its end, and no second one is begun."""
    with gate.closed(after=notes_rollout) as closed:
        killed_at(house, closed)
    rollout = require(house.releases.open_rollout())
    assert rollout.deployment_id
    last = house.complete(FLOW)
    assert any(f"{rollout.deployment_id}: re-attached" in line for line in house.whole_log(last.id))
    converged(house, before)
    assert house.newest().deployment_id == rollout.deployment_id


def registers(request: Request) -> bool:
    """Whether it registers the release's task definition."""
    return request.operation == "RegisterTaskDefinition"


def runs_task(job: str) -> Chosen:
    """Return whether a request runs that one-off task."""

    def chosen(request: Request) -> bool:
        return request.operation == "RunTask" and json.loads(request.body)["startedBy"].startswith(job)

    return chosen


def asks_for_scan(request: Request) -> bool:
    """Whether it asks what the registry has found in the image."""
    return request.operation == "DescribeImageScanFindings"


def notes_rollout(request: Request) -> bool:
    """Whether it writes down the id of the rollout, which ECS has begun then."""
    return is_note(request, "PUT") and bool(json.loads(request.body)["deployment_id"])


def forgets_rollout(request: Request) -> bool:
    """Whether it removes the note of the rollout, whose record is written then."""
    return is_note(request, "DELETE")


def is_note(request: Request, method: str) -> bool:
    """Whether it is about the note of the rollout under way."""
    return request.method == method and request.path.partition("?")[0].endswith("/open-attempt.json")


def killed_when(house: House, moment: Callable[[UUID], bool]) -> None:
    """Start a run, kill its process at the moment, and wait until Prefect knows of the crash."""
    run, process = start(house)
    until(lambda: moment(run), 120)
    process.kill()
    crashed(house, run)


def killed_at(house: House, closed: Closed) -> None:
    """Start a run, kill its process where it stands before the closed gate, and wait likewise."""
    run, process = start(house)
    closed.wait()
    process.kill()
    crashed(house, run)


def require(rollout: Rollout | None) -> Rollout:
    """Return the rollout, which is under way."""
    assert rollout is not None
    return rollout


def start(house: House) -> tuple[UUID, RunProcess]:
    """Start a run; return it with its process."""
    run = house.start(FLOW)
    return run, process_of(str(house.stack.settings.state), run)


def crashed(house: House, run: UUID) -> None:
    """Wait until Prefect knows of the crash."""
    assert house.end(run).state_name == "Crashed"


def converged(house: House, before: Before) -> None:
    """One revision and one deployment were made for the release; it runs and is on record once, as good."""
    service, record = house.service(), house.newest()
    assert house.newest_revision() == before.revision + 1
    assert len([item for item in service.deployments if item.id not in before.deployments]) == 1
    assert service.primary is not None
    assert service.primary.id == record.deployment_id
    assert record.outcome.good
    same = [item for item in house.releases.newest() if item.deployment_id == record.deployment_id]
    assert [item.outcome for item in same] == [Outcome.SUCCEEDED]
    assert house.digests() == {record.image_digest}
    assert house.releases.open_rollout() is None
