"""Releases while AWS throttles, fails, is slow and loses answers."""

from collections.abc import Iterator

import pytest
from support.house import House
from support.weather import Expiry, Weather

from pipeline.ecs.model import Outcome

pytestmark = [pytest.mark.nightly, pytest.mark.stack, pytest.mark.docker, pytest.mark.timeout(600)]


@pytest.fixture
def weather(house: House) -> Iterator[Weather]:
    """A fifth of what the flows ask of AWS meets a fault."""
    made = Weather(0.2)
    with house.through_proxy(made):
        yield made


def test_a_release_in_bad_weather_arrives_once(house: House, weather: Weather) -> None:
    """Every service is asked until it answers; there is one record, and no visitor notices."""
    before, records, revision = house.newest_good(), house.count_records(), house.newest_revision()
    house.application.change()
    with house.visitor() as visitor:
        visitor.wait_for_another()
        house.complete("deploy-application")
        visitor.wait_for_another()
    assert house.newest().outcome is Outcome.SUCCEEDED
    assert house.service().task_definition == house.newest().task_definition
    assert (house.count_records(), visitor.bad) == (records + 1, [])
    assert visitor.releases == [before.release, house.newest().release]
    assert house.newest_revision() - revision in {1, 2}  # a registration whose answer was lost is repeated
    assert weather.faults > 0.1
    for service in ("ecs", "s3", "ecr", "ssm", "elasticloadbalancing"):
        assert weather.done[service], weather.done
    for kind in ("throttled", "failed", "slow", "lost", "reset", "truncated"):
        assert any(name.endswith(kind) for name in weather.done), weather.done


def test_credentials_that_expire_during_a_rollout_end_the_run(house: House) -> None:
    """Ten minutes before its deadline, with what to do; with new credentials the next run watches on."""
    records, before = house.count_records(), house.service().task_definition
    house.application.change()
    with house.through_proxy(Expiry(["UpdateService", "DescribeServices"])):
        said = house.fail("deploy-application")
    assert "The credentials have expired: renew them" in said
    assert "asking again" not in said
    moved = house.service().task_definition
    assert moved != before
    assert house.count_records() == records
    run = house.complete("deploy-application")
    assert "re-attached" in "\n".join(house.whole_log(run.id))
    assert (house.count_records(), house.newest().outcome) == (records + 1, Outcome.SUCCEEDED)
    assert (house.newest().task_definition, house.service().task_definition) == (moved, moved)
