"""The doctor against an emulator, whose answers nobody wrote for it."""

import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from support.live import live_environment
from support.ministack import ministack
from support.ports import free_port

from pipeline.aws.access import AwsAccess
from pipeline.doctor.examine import examine
from pipeline.doctor.sizes import read_sizes
from pipeline.terraform.diagnostics import TerraformError
from pipeline.terraform.workspace import PlanRequest
from tasks.terraform import ROOT_MODULE, plan_request

LIMIT = timedelta(minutes=15)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give Terraform's run folders a place of the test's own."""
    monkeypatch.setenv("VIMBISO_STATE", str(tmp_path))


def request(name: str, **changes: object) -> PlanRequest:
    """Return the variables of an environment, as deploy-infrastructure hands them on."""
    found = plan_request(live_environment(AwsAccess("af-south-1"), name=name))
    return replace(found, variables={**found.variables, **changes})


def test_sizes_are_read_with_their_defaults() -> None:
    """As Terraform reads them: an object's optional parts too."""
    redis = {"node_type": "cache.t4g.small"}
    found = read_sizes(ROOT_MODULE, AwsAccess("af-south-1"), request("production", shared_redis=redis))
    assert (found.task_cpu, found.desired_count, found.maximum_percent) == (1024, 2, 200)
    assert (found.autoscaling or {})["max_capacity"] == 6
    assert (found.shared_redis or {})["engine_version"] == "7.1"
    assert (found.cloudtrail, found.alert_emails, found.hosted_zone_id) == (True, [], None)
    local = read_sizes(ROOT_MODULE, AwsAccess("af-south-1"), request("local"))
    assert (local.autoscaling, local.alarms, local.alert_topic) == (None, None, False)


def test_sizes_that_terraform_refuses_are_told() -> None:
    """In its own words, before anything is asked of AWS."""
    with pytest.raises(TerraformError, match="zone_count must be 2 to 6"):
        read_sizes(ROOT_MODULE, AwsAccess("af-south-1"), request("staging", zone_count=9))


@pytest.mark.nightly
def test_a_table_takes_seconds() -> None:
    """Where the emulator has been up for a while, as the local stack's has when something was built."""
    with ministack(free_port()) as access:
        live = live_environment(access, name="local")
        sizes = read_sizes(ROOT_MODULE, access, request("local"))
        examine(live, sizes, LIMIT)
        began = time.monotonic()
        examine(live, read_sizes(ROOT_MODULE, access, request("local")), LIMIT)
        assert time.monotonic() - began < 10


def test_an_emulators_account_has_its_table() -> None:
    """Nothing is NG there until something has a name; what the emulator lacks is SKIP with the reason."""
    with ministack(free_port()) as access:
        live = live_environment(access, name="local")
        sizes = read_sizes(ROOT_MODULE, access, request("local"))
        before = {item.name: item for item in examine(live, sizes, LIMIT)}
        access.client("logs").create_log_group(
            logGroupName="/ecs/vimbiso-pay-local", tags={"Application": "vimbiso-pay", "Environment": "other"}
        )
        access.client("ecr").create_repository(repositoryName="vimbiso-pay-local")
        access.client("secretsmanager").create_secret(Name="vimbiso-pay/local/app", SecretString="{}")
        access.client("secretsmanager").delete_secret(SecretId="vimbiso-pay/local/app")
        after = {item.name: item for item in examine(live, sizes, LIMIT)}
    assert {item.status for item in before.values()} == {"OK", "SKIP"}
    assert before["region"].seen == "af-south-1, opted-in"
    assert before["quota: VPCs"].seen == "HTTP 400; this endpoint lacks the API"
    assert sum(item.seen == "free" for item in before.values()) == 13
    wrong = {name: item.seen for name, item in after.items() if item.status == "NG"}
    assert wrong == {
        "log group /ecs/vimbiso-pay-local": (
            "there, in no state of this environment, tagged Application=vimbiso-pay, Environment=other"
        ),
        "repository vimbiso-pay-local": "there, in no state of this environment, without tags that say whose",
        "secret vimbiso-pay/local/app": "scheduled for deletion, without tags that say whose",
    }
