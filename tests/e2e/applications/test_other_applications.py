"""Applications unlike the sample, two databases and four servers of them, delivered by one pipeline."""

from concurrent.futures import Future

import pytest
from delivered import APPLICATIONS, Delivered, cause

pytestmark = [pytest.mark.stack, pytest.mark.docker, pytest.mark.timeout(1200)]


_EACH_TIME = ("notes",)
"""What CI has time for; the nightly tests deliver the others."""


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if name in _EACH_TIME else pytest.mark.nightly) for name in APPLICATIONS],
)
def test_an_application_is_delivered_by_configuration(
    name: str, stories: dict[str, "Future[list[str]]"]
) -> None:
    """Refused while it is wrong, deployed when right; its rows outlive releases, faults and a rollback."""
    refused, broken = stories[name].result()
    assert APPLICATIONS[name].said in cause(refused)
    assert "nothing_of_that_name" in broken


@pytest.mark.nightly
def test_they_share_nothing(delivered: dict[str, Delivered], stories: dict[str, "Future[list[str]]"]) -> None:
    """Each has a cluster, a bucket, a secret and an address of its own."""
    for story in stories.values():
        story.result()
    found = [place.outputs for place in delivered.values()]
    for field in ("cluster", "backup_bucket", "secret_arn", "load_balancer_dns", "repository_url"):
        assert len({getattr(item, field) for item in found}) == len(delivered)
