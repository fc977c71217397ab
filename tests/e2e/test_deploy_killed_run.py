"""Runs that are killed at every step boundary: the next run of the release converges, with one rollout."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import pytest
from stack_commands import until
from support.application import HARMLESS
from support.house import House
from support.killing import RunProcess, process_of
from support.steps import has_begun, step_runs

from pipeline.ecs.outcome import Outcome

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
    assert house.releases.open_attempt() is None
    service = house.service()
    ids = frozenset(item.id for item in service.deployments)
    found = Before(service.task_definition, ids, house.newest_revision())
    house.application.change(migration=HARMLESS)
    return found


def test_killed_at_every_step_the_release_still_rolls_out_once(house: House, before: Before) -> None:
    """Twelve runs of one release are killed with SIGKILL, each at a later step; the next one ends well."""
    with house.visitor() as visitor:
        for step in ("preflight", "resolve-source", "build-image", "push-image", "scan-gate"):
            killed_when(house, lambda run, step=step: has_begun(house.prefect, run, step))
        assert house.newest_revision() == before.revision

        killed_when(house, lambda _: house.newest_revision() > before.revision)
        assert house.service().task_definition == before.task_definition

        killed_when(house, lambda _: bool(house.one_off_tasks("survey-")))
        assert house.service().task_definition == before.task_definition

        killed_when(house, lambda _: bool(house.one_off_tasks("migrate-")))
        assert house.service().task_definition == before.task_definition

        killed_when(house, lambda _: bool(house.one_off_tasks("trial-")))
        assert house.service().task_definition == before.task_definition

        killed_between_update_and_its_record(house, before)

        killed_when(house, lambda run: step_runs(house.prefect, run, "verify-release"))

        killed_between_record_and_close(house)
        last = house.complete(FLOW)

    assert any("re-attached" in line for line in house.whole_log(last.id))
    converged(house, before)
    assert len(house.newest().migrations) == 1
    assert house.newest().backup
    assert house.one_off_tasks("trial-") == []
    assert visitor.bad == []


def test_killed_while_watching_the_next_run_attaches_to_the_same_rollout(
    house: House, before: Before
) -> None:
    """The rollout that the killed run began is watched to its end, and no second one is begun."""

    def is_watching(_: UUID) -> bool:
        attempt = house.releases.open_attempt()
        return attempt is not None and attempt.deployment_id is not None

    killed_when(house, is_watching)
    attempt = house.releases.open_attempt()
    assert attempt is not None
    last = house.complete(FLOW)
    assert any(f"{attempt.deployment_id}: re-attached" in line for line in house.whole_log(last.id))
    converged(house, before)
    assert house.newest().deployment_id == attempt.deployment_id


def killed_when(house: House, moment: Callable[[UUID], bool]) -> None:
    """Start a run, kill its process at the moment, and wait until Prefect knows of the crash."""
    run, process = start(house)
    until(lambda: moment(run), 120)
    process.kill()
    crashed(house, run)


def killed_between_update_and_its_record(house: House, before: Before) -> None:
    """Kill the run when ECS has begun the rollout and its id is not written down yet."""
    run, process = start(house)
    process.hold_when(house.open_attempt_file.exists)
    process.lead_to(lambda: house.service().task_definition != before.task_definition)
    process.kill()
    attempt = house.releases.open_attempt()
    assert attempt is not None
    assert attempt.deployment_id is None, "the id was written down already"
    crashed(house, run)


def killed_between_record_and_close(house: House) -> None:
    """Kill the run when its release is on record and its attempt is still open."""
    records = house.count_records()
    run, process = start(house)
    until(lambda: step_runs(house.prefect, run, "verify-release"), 120)
    process.lead_to(lambda: house.count_records() > records)
    process.kill()
    assert house.releases.open_attempt() is not None
    crashed(house, run)


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
    assert house.releases.open_attempt() is None
