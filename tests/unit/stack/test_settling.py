"""After a restart of the emulator, services that lack tasks are waited for, and named in the end."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws
from support.refusals import UNREACHABLE, refusing
from support.settings import stack_settings

from deployments.local.stack import settle
from pipeline.aws.access import AwsAccess

SETTINGS = stack_settings(Path("/state"), 1001, 1002, 1003)


@pytest.fixture
def ecs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The emulator's ECS, in this process, with a service of one task that it has not started yet."""
    with mock_aws():
        access = AwsAccess("af-south-1", access_key_id="settling", secret_access_key="x")
        monkeypatch.setattr(settle, "AwsAccess", lambda *_: access)
        client = access.client("ecs")
        client.create_cluster(clusterName="pay")
        container = {"name": "app", "image": "app", "memory": 64}
        client.register_task_definition(family="app", containerDefinitions=[container])
        client.create_service(cluster="pay", serviceName="web", taskDefinition="app", desiredCount=1)
        yield client


def test_a_service_that_stays_short_of_tasks_is_named(ecs: Any) -> None:
    """Its own count says nothing: it is that of before the restart."""
    assert settle.missing_services(SETTINGS, deadline=0) == ["web"]


def test_nothing_is_lacking_where_nothing_is_wanted(ecs: Any) -> None:
    """A service of no tasks, and a cluster without services."""
    ecs.update_service(cluster="pay", service="web", desiredCount=0)
    ecs.create_cluster(clusterName="empty")
    assert settle.missing_services(SETTINGS, deadline=0) == []


def test_an_emulator_that_comes_late_is_waited_for(ecs: Any) -> None:
    """One that does not answer at all is told as such."""
    ecs.update_service(cluster="pay", service="web", desiredCount=0)
    with refusing(ecs, "ListClusters", UNREACHABLE, times=1):
        assert settle.missing_services(SETTINGS) == []
    with refusing(ecs, "ListClusters", UNREACHABLE):
        assert settle.missing_services(SETTINGS, deadline=0) == ["(the emulator did not answer)"]
