"""Messages to the alert topic."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.sns import sns_backends
from prefect.blocks.abstract import NotificationError
from prefect_aws import AwsCredentials
from pydantic import SecretStr

from blocks.deploy_environment import DeployEnvironment
from blocks.sns_topic import SnsTopic
from pipeline.environment.loader import environment
from pipeline.outputs import Outputs

REGION = "af-south-1"


@pytest.fixture
def block(monkeypatch: pytest.MonkeyPatch) -> Iterator[SnsTopic]:
    """Staging's block, on an account that has only its topic."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        credentials = AwsCredentials(
            region_name=REGION, aws_access_key_id="test", aws_secret_access_key=SecretStr("test")
        )
        settings = environment("staging")
        yield SnsTopic(environment=DeployEnvironment(settings=settings, aws_credentials=credentials))


def _build(topic: str | None) -> None:
    """Leave behind what Terraform leaves."""
    fields: dict[str, Any] = {
        name: (["x"] if "tuple" in str(field.annotation) else 1 if field.annotation in (int, bool) else "x")
        for name, field in Outputs.model_fields.items()
    }
    document = json.dumps({**fields, "alarm_topic_arn": topic})
    boto3.client("ssm", REGION).put_parameter(
        Name=environment("staging").outputs_parameter, Value=document, Type="String"
    )


def test_a_message_is_published(block: SnsTopic) -> None:
    """With a subject that SNS takes: one line, no more than 100 characters."""
    topic = boto3.client("sns", REGION).create_topic(Name="alerts")["TopicArn"]
    _build(topic)
    asyncio.run(block.notify("it failed", "staging:\n" + "x" * 200))
    backend = sns_backends[DEFAULT_ACCOUNT_ID][REGION]
    (sent,) = backend.topics[topic].sent_notifications
    assert sent[1] == "it failed"
    assert sent[2] == "staging: " + "x" * 91


@pytest.mark.parametrize("built", [True, False])
def test_without_a_topic_the_message_counts_as_not_sent(block: SnsTopic, built: bool) -> None:
    """Prefect then shows the action as failed, with what to do."""
    if built:
        _build(None)
    with pytest.raises(NotificationError, match="alert_topic" if built else "deploy-infrastructure"):
        asyncio.run(block.notify("it failed"))
