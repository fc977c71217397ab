"""The doctor, through the real steps of its flow."""

from dataclasses import replace
from typing import Any

import pytest
from flow_runs import Runs, told
from support.account import WorldAccess
from support.world import World

from flows.doctor import doctor


class Quotas:
    """Service Quotas, of which moto knows no defaults."""

    def get_service_quota(self, *, ServiceCode: str, QuotaCode: str) -> dict[str, Any]:  # noqa: N803 - boto3's
        """Return a quota that everything fits in."""
        return {"Quota": {"ServiceCode": ServiceCode, "QuotaCode": QuotaCode, "Value": 100.0}}


@pytest.fixture
def fresh(place: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """An account of moto's in which nothing is built for staging; somebody hears its alerts."""
    services = {"service-quotas": Quotas()}
    access = WorldAccess("af-south-1", place.live.access.endpoint_url, "doctor", "keyless", services=services)
    settings = place.live.settings.model_copy(update={"domain": None})
    place.live = replace(place.live, settings=settings, access=access, built=None)
    topic = place.client("sns").create_topic(Name="vimbiso-pay-staging-alerts")["TopicArn"]
    place.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:af-south-1:1:x")
    trail = {"Name": "main", "S3BucketName": "trail", "IsMultiRegionTrail": True}
    place.client("s3").create_bucket(
        Bucket="trail", CreateBucketConfiguration={"LocationConstraint": "af-south-1"}
    )
    place.client("cloudtrail").create_trail(**trail)
    place.client("cloudtrail").start_logging(Name="main")
    return place


def rows(runs: Runs, state: Any) -> dict[str, dict[str, str]]:
    """Return the table's rows by what they are about."""
    return {row["line"]: row for row in runs.artifact(state, "doctor")}


def test_an_account_that_takes_everything_ends_well(fresh: World, runs: Runs) -> None:
    """Before anything is built; what is not known is counted."""
    state = runs.run(doctor)
    table = rows(runs, state)
    assert state.type.value == "COMPLETED", told(state)
    assert state.message == "Nothing stands in the way: 34 lines, of which 10 lines SKIP."
    assert table["trail"]["seen"] == "Terraform makes one"


def test_a_taken_name_fails_the_run(fresh: World, runs: Runs) -> None:
    """The state has the line and its next step; nothing was changed."""
    fresh.client("ecr").create_repository(repositoryName="vimbiso-pay-staging")
    state = runs.run(doctor)
    assert told(state).startswith(
        "Failed: repository vimbiso-pay-staging: there, in no state of this environment, without tags that "
        "say whose. Adopt it (deploy-infrastructure with adopt, see docs/taking-over.md), or remove it."
    )
    row = rows(runs, state)["repository vimbiso-pay-staging"]
    assert (row["result"], row["next step"][:8]) == ("NG", "Adopt it")
