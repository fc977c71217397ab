"""Broken releases: refused before the switch, explained, and the release that runs goes on answering."""

from collections.abc import Iterator

import pytest
from support.application import HARMLESS
from support.house import House

from pipeline.ecs.model import Service
from pipeline.release.model import ReleaseRecord

pytestmark = [pytest.mark.stack, pytest.mark.docker, pytest.mark.timeout(600)]

NOT_THERE = f"sha256:{'0' * 64}"


@pytest.fixture
def untouched(house: House) -> Iterator[ReleaseRecord]:
    """The service, its records and what a client gets are afterwards what they were before."""
    record, service, records = house.newest(), house.service(), house.releases.newest()
    with house.visitor() as visitor:
        yield record
    assert visitor.bad == []
    assert visitor.releases == [record.release]
    assert _moved(house.service()) == _moved(service)
    assert house.releases.newest() == records
    assert house.releases.open_rollout() is None


@pytest.mark.parametrize(
    ("fault", "command", "reasons"),
    [
        pytest.param(
            "health-500",
            "",
            ["does not answer well", "HTTP 500", "GET /health/"],
            id="health check fails",
        ),
        pytest.param("crash", "", ["exit code 3", "FAULT=crash: this release stops"], id="container exits"),
        pytest.param(
            "",
            'CMD ["sh", "-c", "exec /no/such/program"]',
            ["exit code 127", "/no/such/program"],
            id="does not start",
        ),
        pytest.param(
            "",
            'CMD ["/no/such/program"]',
            ["was not pushed", "The image has no '/no/such/program' in /app, which serves"],
            id="has no such program",
        ),
        pytest.param(
            "migrate",
            "",
            ["exit code 1", "FAULT=migrate: migrations fail in this release", "0 of 1 migrations ran"],
            id="migration fails",
        ),
    ],
)
def test_a_broken_release_never_takes_the_place_of_the_good_one(
    house: House, untouched: ReleaseRecord, fault: str, command: str, reasons: list[str]
) -> None:
    """Its one-off tasks fail with exit code, stop reason and last log lines, before the service is moved."""
    house.application.change(fault, command, HARMLESS if fault == "migrate" else "")
    said = house.fail("deploy-application")
    for reason in reasons:
        assert reason in said


def test_a_missing_secret_is_named_before_anything_is_built(house: House, untouched: ReleaseRecord) -> None:
    """A required key without a value fails the preflight, which names it and the flow that fixes it."""
    house.application.change()
    with house.without_secret("WHATSAPP_ACCESS_TOKEN"):
        said = house.fail("deploy-application")
    assert "nothing was changed" in said
    assert "WHATSAPP_ACCESS_TOKEN" in said
    assert "sync-secrets" in said
    assert "[1/" not in said


def test_a_missing_image_is_refused(house: House, untouched: ReleaseRecord) -> None:
    """A digest that the repository does not hold is refused, with what to do instead."""
    said = house.fail("deploy-application", image=NOT_THERE)
    assert f"has no image {NOT_THERE}" in said
    assert "Push it first" in said


def _moved(service: Service) -> list[tuple[str, str, str]]:
    return [(item.id, item.status, item.task_definition) for item in service.deployments]
