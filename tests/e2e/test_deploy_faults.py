"""Releases while AWS throttles, fails, is slow and loses answers."""

from collections.abc import Iterator

import pytest
from support.house import House
from support.weather import Weather

from pipeline.ecs.outcome import Outcome

pytestmark = [pytest.mark.stack, pytest.mark.docker, pytest.mark.timeout(600)]


@pytest.fixture
def weather(house: House) -> Iterator[Weather]:
    """A fifth of what the flows ask of AWS meets a fault."""
    made = Weather(0.2)
    with house.through_proxy(made):
        yield made


def test_a_release_in_bad_weather_arrives_once(house: House, weather: Weather) -> None:
    """Every service is asked until it answers; there is one record, and no visitor notices."""
    records, revision = house.count_records(), house.newest_revision()
    house.application.change()
    with house.visitor() as visitor:
        house.complete("deploy-application")
    assert house.newest().outcome is Outcome.SUCCEEDED
    assert house.service().task_definition == house.newest().task_definition
    assert (house.count_records(), visitor.bad) == (records + 1, [])
    assert house.newest_revision() - revision in {1, 2}  # a registration whose answer was lost is repeated
    for service in ("ecs", "s3", "ecr", "ssm", "elasticloadbalancing"):
        assert weather.done[service], weather.done
    for kind in ("throttled", "failed", "slow", "lost", "reset", "truncated"):
        assert any(name.endswith(kind) for name in weather.done), weather.done
