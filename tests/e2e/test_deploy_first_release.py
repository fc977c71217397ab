"""The first release, and the same one again."""

import httpx
import pytest
from support.house import House

from pipeline.ecs.outcome import Outcome

pytestmark = [pytest.mark.stack, pytest.mark.docker, pytest.mark.timeout(600)]


def test_the_first_release_answers_from_the_pushed_digest(house: House) -> None:
    """HTTP 200 through the load balancer names the recorded release, and Docker runs the recorded image."""
    record = house.newest()
    assert record.outcome is Outcome.SUCCEEDED
    assert record.kind == "deploy"
    url = f"http://localhost:{house.stack.settings.aws_port}/health/"
    answer = httpx.get(url, headers={"Host": house.outputs.load_balancer_dns}, trust_env=False)
    assert (answer.status_code, answer.json()["release"]) == (200, record.release)
    assert house.digests() == {record.image_digest}
    assert house.releases.open_attempt() is None


def test_the_same_again_is_no_change(house: House) -> None:
    """An unchanged source ends as NO_CHANGE, moves nothing and adds no record."""
    service, records = house.service(), house.releases.newest()
    run = house.complete("deploy-application")
    assert any("NO_CHANGE: release" in line for line in house.whole_log(run.id))
    assert house.service().deployments == service.deployments
    assert house.releases.newest() == records
    assert run.total_run_time.total_seconds() < 60
    assert house.releases.open_attempt() is None
