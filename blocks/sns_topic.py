"""Tells people through the SNS topic that Terraform built."""

from typing import Annotated

from prefect.blocks.abstract import NotificationBlock, NotificationError
from pydantic import Field

from blocks.deploy_environment import DeployEnvironment
from pipeline.aws.errors import AwsError, calling
from pipeline.outputs import OutputsError

_SUBJECT = 100
"""Characters that SNS takes as a subject (AWS, "Publish")."""


class SnsTopic(NotificationBlock):
    """The alert topic of an environment: mails, and whatever else subscribes to it."""

    _block_type_name = "SNS Topic"
    _block_type_slug = "sns-topic"

    environment: Annotated[
        DeployEnvironment, Field(description="Whose alert topic, reached with whose credentials.")
    ]

    async def notify(self, body: str, subject: str | None = None) -> None:
        """Publish a message.

        Raises:
            NotificationError: it was not published; the log says why.
        """
        try:
            self.publish(body, subject)
        except (AwsError, OutputsError) as error:
            raise NotificationError(str(error)) from error

    def publish(self, body: str, subject: str | None = None) -> None:
        """Publish a message; SNS refuses line breaks and long texts in a subject.

        Raises:
            AwsError: AWS refuses or cannot be reached.
            OutputsError: the environment has no topic.
        """
        live = self.environment.live().read()
        topic = live.outputs.alarm_topic_arn
        if topic is None:
            raise OutputsError(f"{live.name} has no alert topic. Set alert_topic in its tfvars.")
        line = " ".join((subject or "Vimbiso Pay").split())[:_SUBJECT]
        with calling(f"Publishing to {topic}"):
            live.access.client("sns").publish(TopicArn=topic, Subject=line, Message=body)
