"""What the flows of the house have asked of AWS, held against the rights that Terraform gave their role.

It comes after all other tests of the house, by its name, and judges what those had it do.
"""

import json
from itertools import chain

import pytest
from support.house import ENVIRONMENT, House
from support.rights.asks import Site, asks
from support.rights.calls import Call, read_calls
from support.rights.policy import denied
from support.rights.sample import general

from deployments.local.stack.settings import REGION

pytestmark = [pytest.mark.stack, pytest.mark.docker]


@pytest.fixture(scope="module")
def calls(house: House) -> list[Call]:
    """What the flows have asked so far, but for those of the administrator."""
    return [call for call in read_calls(house.recorded) if call.by_the_worker]


def test_the_worker_may_do_what_the_flows_did(house: House, calls: list[Call]) -> None:
    """The emulator refuses nothing; AWS would refuse what this lists, each as the statement that lacks."""
    outputs = house.outputs
    role = f"{outputs.app}-{ENVIRONMENT}-pipeline-worker"
    policy = house.access.client("iam").get_role_policy(RoleName=role, PolicyName="worker")["PolicyDocument"]
    site = Site(
        account=outputs.account_id,
        region=REGION,
        tags=(("Application", outputs.app), ("Environment", ENVIRONMENT)),
        roles=(outputs.execution_role_arn, outputs.task_role_arn),
    )
    assert {call.service for call in calls} >= {"ecr", "ecs", "s3", "secretsmanager", "ssm"}
    assert denied(policy["Statement"], chain(*(asks(call, site) for call in calls))) == []


def test_the_sample_has_every_kind_of_request(calls: list[Call]) -> None:
    """Staging's and production's policies are judged by it; support/rights/sample.py says how to renew it."""
    known = {(call.service, call.operation) for call in general()}
    assert {(call.service, call.operation) for call in calls} - known == set()


def test_no_secret_is_recorded(house: House) -> None:
    """The recorder keeps the names of resources, and no value."""
    manager, secret = house.access.client("secretsmanager"), house.outputs.secret_arn
    values = json.loads(manager.get_secret_value(SecretId=secret)["SecretString"]).values()
    text = house.recorded.read_text(encoding="utf-8")
    assert [value for value in values if len(value) > 8 and value in text] == []
    assert '"SecretString"' not in text
