"""The last lines of a task's containers, found where the task's own definition says."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from pipeline.aws.access import AwsAccess
from pipeline.delivery.evidence import TaskLogs
from pipeline.ecs.model import Container, Task

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


ACCESS = Scripted()


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """CloudWatch Logs, which answers from a script; no time passes but in sleep."""
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr("time.sleep", lambda seconds: now.append(now.pop() + seconds))
    with Stubber(ACCESS.client("ecs")) as ecs, Stubber(ACCESS.client("logs")) as stub:
        for _ in range(20):
            ecs.add_response(
                "describe_task_definition", {"taskDefinition": {"containerDefinitions": [CONTAINER]}}
            )
        yield stub
        stub.assert_no_pending_responses()


def pages(logs: Stubber, *script: tuple[str, list[str], str], head: bool = False, limit: int = 2) -> None:
    """Answer so many requests: the token of each, lines, and the token that leads on."""
    for asked, lines, following in script:
        token = {"nextToken": asked} if asked else {}
        requested = {"logGroupName": "/g", "logStreamName": "prefix/app/1", "limit": limit, **token}
        events = [{"message": line} for line in lines]
        tokens = (
            ("nextForwardToken", "nextBackwardToken") if head else ("nextBackwardToken", "nextForwardToken")
        )
        answer = {"events": events, tokens[0]: following, tokens[1]: "the other way"}
        logs.add_response("get_log_events", answer, {**requested, "startFromHead": head})


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ([("", ["one\n", "two"], "b/1")], ("one", "two")),
        ([("", ["two"], "b/1"), ("b/1", ["zero", "one"], "b/2")], ("one", "two")),
        ([("", [], "b/1"), ("b/1", [], "b/2"), ("b/2", ["one"], "b/3"), ("b/3", [], "b/3")], ("one",)),
        ([("", [], "b/1"), ("b/1", [], "b/1")], ()),
    ],
)
def test_the_last_lines_are_read_backwards_until_there_are_enough(
    logs: Stubber, script: list[tuple[str, list[str], str]], found: tuple[str, ...]
) -> None:
    """From PREFIX/CONTAINER/TASK-ID; an empty page is no end, a token that repeats is. Line ends are lost."""
    pages(logs, *script)
    assert TaskLogs(ACCESS, "/g").tail(TASK, "app", 2) == found


def test_an_answer_is_read_from_its_head(logs: Stubber) -> None:
    """All pages of it, in their order."""
    script = [("", ["one"], "f/1"), ("f/1", [], "f/2"), ("f/2", ["two"], "f/3"), ("f/3", [], "f/3")]
    pages(logs, *script, head=True, limit=10_000)
    assert TaskLogs(ACCESS, "/g").whole(TASK, "app") == ("one", "two")


@pytest.mark.parametrize(("code", "looks"), [(0, 13), (None, 1)])
def test_a_stream_that_is_empty_yet_is_asked_again(logs: Stubber, code: int | None, looks: int) -> None:
    """Within six seconds, where the container has run."""
    pages(logs, *[("", [], "b/1"), ("b/1", [], "b/1")] * looks)
    ran = replace(TASK, containers=(Container("app", "STOPPED", "i", None, code, "", "UNKNOWN"),))
    assert TaskLogs(ACCESS, "/g").tail(ran, "app", 2) == ()


def test_what_cannot_be_read_is_a_line_that_says_why() -> None:
    """An error beside the failure that is being explained must not hide it."""
    access = Scripted(clients={})
    with Stubber(access.client("ecs")) as ecs:
        ecs.add_client_error("describe_task_definition", "AccessDeniedException", "no")
        (line,) = TaskLogs(access, "/g").tail(replace(TASK, task_definition="gone:1"), "app")
    assert line.startswith("(no log: ")
    assert "gone:1" in line


@pytest.mark.parametrize(("missing", "looks"), [("stream", 13), ("group", 1)])
def test_a_task_without_a_stream_wrote_nothing(logs: Stubber, missing: str, looks: int) -> None:
    """It is asked for until the stream may have been made. A group that is missing is named."""
    for _ in range(looks):
        message = f"The specified log {missing} does not exist."
        logs.add_client_error("get_log_events", "ResourceNotFoundException", message)
    ran = replace(TASK, containers=(Container("app", "STOPPED", "i", None, 1, "", "UNKNOWN"),))
    found = TaskLogs(ACCESS, "/g").tail(ran, "app")
    assert (found == ()) is (missing == "stream")
    assert missing == "stream" or found[0].startswith("(no log: ")
