"""Each request of a test is held against AWS's models and documented limits."""

import io
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ParamValidationError
from botocore.stub import Stubber
from support.aws_models import member
from support.aws_requests import MOST, NUMBERS, REQUESTS, violations
from support.aws_rules import RULES
from support.checked_requests import RefusedRequestError, refused

DEFINITION = {"family": "pay", "containerDefinitions": [{"name": "app", "image": "a"}]}
REFUSED: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "pattern": ("logs", "create_log_group", {"logGroupName": "a b"}, "does not match"),
    "length": ("iam", "create_role", {"RoleName": "x" * 65, "AssumeRolePolicyDocument": "{}"}, "is 65 long"),
    "enum": ("ecs", "run_task", {"taskDefinition": "a", "launchType": "LAMBDA"}, "is none of EC2, FARGATE"),
    "no echo": ("ecs", "register_task_definition", {**DEFINITION, "pidMode": "all"}, "is none of host, task"),
    "range": (
        "elbv2",
        "create_listener",
        {"LoadBalancerArn": "a", "DefaultActions": [{"Type": "forward"}], "Port": 70_000},
        "more than 65535",
    ),
    "documented": ("ssm", "put_parameter", {"Name": "aws-a", "Value": "a"}, "begins with aws or ssm"),
    "list of the model": (
        "ecr",
        "batch_delete_image",
        {"repositoryName": "pay", "imageIds": [{"imageTag": "a"}] * 101},
        "is 101 long, more than 100",
    ),
    "list": ("ecs", "describe_tasks", {"tasks": ["a"] * 101}, "has 101, more than 100"),
    "number": ("ecs", "run_task", {"taskDefinition": "a", "count": 11}, "is not between 1 and 10"),
    "tags": (
        "ecs",
        "create_cluster",
        {"clusterName": "a", "tags": [{"key": "aws:a", "value": ""}]},
        "has the tag aws:a",
    ),
    "ecs RegisterTaskDefinition": (
        "ecs",
        "register_task_definition",
        {**DEFINITION, "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "4096"},
        "a size that Fargate lacks",
    ),
    "ecs CreateService": (
        "ecs",
        "create_service",
        {
            "serviceName": "a",
            "availabilityZoneRebalancing": "ENABLED",
            "deploymentConfiguration": {"minimumHealthyPercent": 0, "maximumPercent": 100},
        },
        "rebalances zones",
    ),
    "ecs UpdateService": (
        "ecs",
        "update_service",
        {"service": "a", "deploymentConfiguration": {"minimumHealthyPercent": 100, "maximumPercent": 100}},
        "may neither stop nor start",
    ),
    "ecs RunTask": (
        "ecs",
        "run_task",
        {"taskDefinition": "a", "propagateTags": "SERVICE"},
        "tags of a service",
    ),
    "ecs ListTasks": ("ecs", "list_tasks", {"startedBy": "a", "family": "b"}, "another filter"),
    "ssm PutParameter": (
        "ssm",
        "put_parameter",
        {"Name": "a", "Value": "x" * 4097},
        "4097 bytes, more than 4096",
    ),
    "application-autoscaling RegisterScalableTarget": (
        "application-autoscaling",
        "register_scalable_target",
        {
            "ServiceNamespace": "ecs",
            "ResourceId": "service/a/b",
            "ScalableDimension": "ecs:service:DesiredCount",
            "MinCapacity": 3,
            "MaxCapacity": 2,
        },
        "a minimum of 3 and a maximum of 2",
    ),
    "s3 PutObject": ("s3", "put_object", {"Bucket": "pay", "Key": "x" * 1025}, "more than 1024"),
    "s3 CreateMultipartUpload": (
        "s3",
        "create_multipart_upload",
        {"Bucket": "pay", "Key": "a", "Metadata": {"a": "x" * 2048}},
        "2 KB of metadata",
    ),
    "s3 CopyObject": (
        "s3",
        "copy_object",
        {"Bucket": "pay", "Key": "a", "CopySource": "b/c", "Metadata": {"a": "x" * 2048}},
        "2 KB of metadata",
    ),
}


@pytest.fixture
def forgiven() -> Iterator[None]:
    """Let the test make requests that AWS would refuse."""
    yield
    refused.clear()


def _client(service: str) -> Any:
    return boto3.client(service, "af-south-1", aws_access_key_id="x", aws_secret_access_key="x")


@pytest.mark.usefixtures("forgiven")
@pytest.mark.parametrize("name", REFUSED)
def test_what_aws_refuses_is_not_sent(name: str) -> None:
    """The error names service, operation, member, value and rule."""
    service, operation, asked, words = REFUSED[name]
    with pytest.raises(RefusedRequestError, match=words) as raised:
        getattr(_client(service), operation)(**asked)
    named = operation.replace("_", "")
    assert f"{service} {named}" in str(raised.value).lower()
    assert refused


def test_each_rule_between_members_is_tested() -> None:
    """A rule that no case breaks may be dead."""
    assert set(REQUESTS) <= set(REFUSED)


def test_a_good_request_is_sent() -> None:
    """The checks are no obstacle, neither is a body that has no length."""
    client = _client("s3")
    with Stubber(client) as stub:
        stub.add_response("put_object", {})
        client.put_object(Bucket="pay", Key="a", Body=io.BytesIO(b"x"))


def test_an_item_of_a_list_is_no_list() -> None:
    """The ten services that may be described have names of more than ten characters."""
    client = _client("ecs")
    with Stubber(client) as stub:
        stub.add_response("describe_services", {})
        client.describe_services(services=["a-name-of-more-than-ten-characters"] * 10)


def test_a_wrong_type_is_botocores_own_error() -> None:
    """A rule that looked first would fail on a type that it does not know."""
    with pytest.raises(ParamValidationError):
        _client("ecs").run_task(taskDefinition="a", count="many")


@pytest.mark.parametrize("name", sorted({*RULES, *MOST, *NUMBERS}))
def test_each_documented_limit_is_about_a_member(name: str) -> None:
    """A limit on a member that AWS does not know holds nothing, and one that the model has is said twice."""
    service, operation, path = name.split(" ")
    assert "max" not in member(service, operation, path).metadata or name in RULES


@pytest.mark.parametrize("name", sorted(MOST))
def test_one_more_than_the_most_is_refused(name: str) -> None:
    """Each limit is looked at."""
    service, operation, path = name.split(" ")
    shape = member(service, operation, path)
    value: Any = "x" if shape.type_name == "string" else [{}]
    found = [str(item) for item in violations(service, operation, shape, value * (MOST[name] + 1), path)]
    assert any(f"more than {MOST[name]}" in item for item in found)


@pytest.mark.parametrize("name", sorted(NUMBERS))
def test_a_number_beyond_its_range_is_refused(name: str) -> None:
    """Each range is looked at, at both ends."""
    service, operation, path = name.split(" ")
    shape, (least, most) = member(service, operation, path), NUMBERS[name]
    accepted = [
        value
        for value in (least - 1, least, most, most + 1)
        if not _rules(service, operation, shape, value, path)
    ]
    assert accepted == [least, most]


def _rules(*asked: Any) -> list[str]:
    return [item.rule for item in violations(*asked)]
