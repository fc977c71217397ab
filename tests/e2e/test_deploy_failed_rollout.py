"""Releases that fail after the switch, where the smoke test is off; and going back by hand."""

from collections.abc import Iterator
from typing import Any

import pytest
from stack_commands import until
from support.application import ONE_WAY
from support.events import payloads
from support.house import House

from pipeline.ecs.model import Outcome
from pipeline.release.model import ReleaseRecord

pytestmark = [pytest.mark.stack, pytest.mark.docker, pytest.mark.timeout(600)]


@pytest.fixture
def no_smoke_test(house: House) -> Iterator[None]:
    """Faults reach the service."""
    house.blocks.switch_smoke_test(False)
    yield
    house.blocks.switch_smoke_test(True)


def test_a_rollback_by_the_circuit_breaker_is_no_success(house: House, no_smoke_test: None) -> None:
    """A crashing release ends as ROLLED_BACK with exit code and last lines; the old one answers all along."""
    good = house.newest_good()
    house.application.change(command='CMD ["sh", "-c", "echo this release ends at once; exit 3"]')
    with house.visitor() as visitor:
        said = house.fail("deploy-application", migrate=False)
    for reason in ("ROLLED_BACK", "circuit breaker", "exited with 3", "this release ends at once"):
        assert reason in said
    assert house.newest().outcome is Outcome.ROLLED_BACK
    _runs(house, good)
    assert f"Runs now: release {good.release}" in house.page("release-local")
    until(lambda: {"release": ""}.items() <= _told(house, "vimbiso.release.rolled_back").items())
    assert visitor.releases == [good.release]
    assert visitor.bad == []


def test_a_release_that_answers_badly_is_taken_back(house: House, no_smoke_test: None) -> None:
    """A release that answers visitors with 500 is UNHEALTHY; the pipeline goes back, and both are on record.

    Visitors see its errors: for the five seconds that prove it broken, until the old one is back.
    """
    good = house.newest_good()
    house.application.change("visitors-500")
    with house.visitor() as visitor:
        said = house.fail("deploy-application")
        visitor.wait_for_another()
    for reason in ("UNHEALTHY", "HTTP 500", f"Release {good.release} runs again", "GET /health/"):
        assert reason in said
    back, bad = house.releases.newest(2)
    assert (bad.kind, bad.outcome) == ("deploy", Outcome.UNHEALTHY)
    assert (back.kind, back.outcome, back.release) == ("rollback", Outcome.SUCCEEDED, good.release)
    _runs(house, good)
    errors = [visit.began for visit in visitor.bad if visit.status == 500]
    assert errors[-1] - errors[0] > 5
    assert (visitor.visits[-1].good, visitor.releases) == (True, [good.release])
    page = house.page("release-local")
    for words in (f"## UNHEALTHY: release `{bad.release}`", f"Runs now: release {good.release}"):
        assert words in page
    until(lambda: {"release": good.release}.items() <= _told(house, "vimbiso.release.rolled_back").items())


def test_irreversible_migrations_stop_the_way_back(house: House, no_smoke_test: None) -> None:
    """The failed release stays until a person approves; going back by hand is refused with the reason."""
    good = house.newest_good()
    migration = house.application.change("visitors-500", migration=ONE_WAY)
    run = house.suspended("deploy-application")
    bad = house.newest()
    assert (bad.outcome, bad.irreversible, bad.migrations) == (Outcome.UNHEALTHY, True, (migration,))
    until(lambda: good.release in _told(house, "vimbiso.approval.waiting").get("summary", ""))
    refused = house.fail("rollback-application")
    for words in (
        f"Not gone back to release {good.release}",
        migration,
        f"--restore {bad.backup} --confirm local",
    ):
        assert words in refused
    assert house.service().task_definition == bad.task_definition
    house.decide(run, decision="approve", by="anna")
    ended = house.end(run)
    assert ended.state is not None
    assert f"Release {good.release} runs again. anna decided" in str(ended.state.message)
    assert house.newest().kind == "rollback"
    _runs(house, good)
    assert "anna decided" in house.page("release-local")


def test_an_alien_change_in_the_middle_is_superseded(house: House) -> None:
    """Somebody moves the service elsewhere during the rollout: the run says so and leaves it alone."""
    before = house.service().task_definition
    alien = house.other_task_definition()
    house.application.change()
    run = house.start("deploy-application")
    until(lambda: house.service().task_definition not in (before, alien), 120)
    house.ecs.update(alien)
    ended = house.end(run)
    assert ended.state_name == "Failed"
    assert ended.state is not None
    for words in ("SUPERSEDED", alien.rsplit("/", 1)[-1], "Somebody else changed the service"):
        assert words in str(ended.state.message)
    assert house.service().task_definition == alien
    assert house.newest().outcome is Outcome.SUPERSEDED
    assert house.releases.open_rollout() is None


@pytest.fixture
def choice(house: House) -> None:
    """There is more than one good release on record."""
    good = {item.task_definition for item in house.releases.newest() if item.outcome.good}
    if len(good) < 2:
        house.application.change()
        house.complete("deploy-application")


def test_back_to_the_last_good_release_by_hand(house: House) -> None:
    """Without a name the good release before the present one is chosen, watched and recorded."""
    good = house.newest_good()
    house.application.change()
    house.complete("deploy-application")
    present = house.service().task_definition
    house.complete("rollback-application", dry_run=True)
    assert house.service().task_definition == present
    house.complete("rollback-application")
    record = house.newest()
    assert (record.kind, record.outcome, record.release) == ("rollback", Outcome.SUCCEEDED, good.release)
    _runs(house, good)


def test_back_to_a_chosen_release(house: House, choice: None) -> None:
    """The oldest other release is still there and can be named, whatever migrations ran since."""
    present = house.service().task_definition
    good = [item for item in house.releases.newest() if item.outcome.good]
    first = next(item for item in reversed(good) if item.task_definition != present)
    house.complete("rollback-application", release=first.release, accept_schema=True)
    _runs(house, first)


def test_an_unknown_release_is_refused_with_what_is_left(house: House, choice: None) -> None:
    """The refusal names the good releases."""
    good = house.newest_good(other_than=house.service().task_definition)
    said = house.fail("rollback-application", release="no-such-release")
    assert "no-such-release is not recorded as good" in said
    assert good.release in said


def _told(house: House, event: str) -> dict[str, Any]:
    """Return the payload of the newest event of that name; empty while there is none."""
    return next(iter(payloads(house.prefect, event)), {})


def _runs(house: House, record: ReleaseRecord) -> None:
    service = house.service()
    assert service.task_definition == record.task_definition
    assert service.primary is not None
    assert service.primary.rollout_state == "COMPLETED"
    assert house.digests() == {record.image_digest}
    assert house.releases.open_rollout() is None
