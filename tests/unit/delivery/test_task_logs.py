"""The last lines of a task's containers, found where the task's own definition says."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from pipeline.aws.access import AwsAccess
from pipeline.delivery.evidence import TaskLogs
from pipeline.ecs.model import Task

TASK = Task(
    arn="arn:task/cluster/1",
    task_definition="app:2",
    started_by="",
    last_status="STOPPED",
    health="UNKNOWN",
    created_at=datetime(2025, 1, 1, tzinfo=UTC),
    stop_code="",
    stopped_reason="",
    address=None,
    containers=(),
)
CONTAINER = {
    "name": "app",
    "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-stream-prefix": "prefix"}},
}


@dataclass(frozen=True)
class Scripted(AwsAccess):
    """Clients that answer from a script and check their requests against AWS's service model."""

    region: str = "af-south-1"
    clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str, config: Any = None) -> Any:
        """Return the one client of the service."""
        if service not in self.clients:
            self.clients[service] = boto3.client(
                service, region_name=self.region, aws_access_key_id="x", aws_secret_access_key="x"
            )
        return self.clients[service]


def test_the_stream_is_named_by_the_containers_definition() -> None:
    """PREFIX/CONTAINER/TASK-ID, with the definition's own prefix; lines lose their line ends."""
    access = Scripted()
    with Stubber(access.client("ecs")) as ecs, Stubber(access.client("logs")) as logs:
        ecs.add_response(
            "describe_task_definition", {"taskDefinition": {"containerDefinitions": [CONTAINER]}}
        )
        requested = {
            "logGroupName": "/g",
            "logStreamName": "prefix/app/1",
            "limit": 2,
            "startFromHead": False,
        }
        logs.add_response("get_log_events", {"events": [{"message": "one\n"}, {"message": "two"}]}, requested)
        assert TaskLogs(access, "/g").tail(TASK, "app", 2) == ("one", "two")


def test_what_cannot_be_read_is_a_line_that_says_why() -> None:
    """An error beside the failure that is being explained must not hide it."""
    access = Scripted()
    with Stubber(access.client("ecs")) as ecs:
        ecs.add_client_error("describe_task_definition", "AccessDeniedException", "no")
        (line,) = TaskLogs(access, "/g").tail(replace(TASK, task_definition="gone:1"), "app")
    assert line.startswith("(no log: ")
    assert "gone:1" in line


@pytest.mark.parametrize("missing", ["stream", "group"])
def test_a_task_without_a_stream_wrote_nothing(missing: str) -> None:
    """A group that is missing is something else: it is named."""
    access = Scripted()
    with Stubber(access.client("ecs")) as ecs, Stubber(access.client("logs")) as logs:
        ecs.add_response(
            "describe_task_definition", {"taskDefinition": {"containerDefinitions": [CONTAINER]}}
        )
        for _ in range(20):  # it is asked for until the stream may have been made
            message = f"The specified log {missing} does not exist."
            logs.add_client_error("get_log_events", "ResourceNotFoundException", message)
        found = TaskLogs(access, "/g").tail(TASK, "app")
    assert (found == ()) is (missing == "stream")
    assert missing == "stream" or found[0].startswith("(no log: ")
