"""OneOffTasks: starting, finding, describing and stopping."""

import itertools
from datetime import UTC, datetime

import pytest
from ecs_stubs import StubbedAccess

from pipeline.aws.errors import AwsError
from pipeline.ecs.model import OneOffTaskError, TaskUnknownError
from pipeline.ecs.oneoff import OneOff, OneOffTasks, run_task_request

WANTED = OneOff("c", "td:8", "web", "key")


@pytest.fixture
def tasks(aws: StubbedAccess) -> OneOffTasks:
    """The one-off tasks of cluster ``c``."""
    return OneOffTasks(aws, "c")


def listed(aws: StubbedAccess, running: list[str], stopped: list[str]) -> None:
    """Script the look-up by key: ListTasks takes ``startedBy`` alone, for running tasks only."""
    aws.answers("ecs", "list_tasks", {"taskArns": running}, cluster="c", startedBy="key")
    aws.answers("ecs", "list_tasks", {"taskArns": stopped}, cluster="c", desiredStatus="STOPPED")


def started(aws: StubbedAccess) -> None:
    """Script the answer to RunTask."""
    stub = aws.stub("ecs")
    stub.add_response("run_task", {"tasks": [{"taskArn": "t/new"}]}, run_task_request(WANTED))


def test_start_is_idempotent_within_a_call(aws: StubbedAccess, tasks: OneOffTasks) -> None:
    """The request is the one of run_task_request; botocore adds a token that makes its retries harmless."""
    model = aws.client("ecs").meta.service_model.operation_model("RunTask")
    assert model.idempotent_members == ["clientToken"]
    started(aws)
    assert tasks.start(WANTED).arn == "t/new"


def test_a_task_that_cannot_be_placed_says_why(aws: StubbedAccess, tasks: OneOffTasks) -> None:
    """RunTask answers failures with status 200."""
    answer = {"tasks": [], "failures": [{"reason": "MISSING"}, {"arn": "a"}]}
    aws.stub("ecs").add_response("run_task", answer)
    with pytest.raises(OneOffTaskError, match=r"td:8: MISSING; .*'arn': 'a'"):
        tasks.start(WANTED)


def test_the_newest_task_of_a_key_is_found(aws: StubbedAccess, tasks: OneOffTasks) -> None:
    """Running or stopped, the one created last counts."""
    listed(aws, ["t/1"], ["t/2"])
    described = [
        {"taskArn": "t/1", "startedBy": "key", "createdAt": datetime(2025, 3, 1, tzinfo=UTC)},
        {"taskArn": "t/2", "startedBy": "key", "createdAt": datetime(2025, 3, 2, tzinfo=UTC)},
    ]
    aws.answers("ecs", "describe_tasks", {"tasks": described}, cluster="c", tasks=["t/1", "t/2"])
    found = tasks.find("key")
    assert found is not None
    assert found.arn == "t/2"


def test_nothing_is_found(aws: StubbedAccess, tasks: OneOffTasks) -> None:
    """No task, or one that ECS forgot in between, is none."""
    listed(aws, [], [])
    assert tasks.find("key") is None
    listed(aws, [], ["t/1"])
    aws.answers("ecs", "describe_tasks", {"tasks": []}, cluster="c", tasks=["t/1"])
    assert tasks.find("key") is None


def test_a_task_that_runs_already_is_not_started_again(aws: StubbedAccess, tasks: OneOffTasks) -> None:
    """A run that was killed finds its task by the key."""
    listed(aws, ["t/1"], [])
    aws.answers(
        "ecs",
        "describe_tasks",
        {"tasks": [{"taskArn": "t/1", "startedBy": "key"}]},
        cluster="c",
        tasks=["t/1"],
    )
    assert tasks.start_or_join(WANTED).arn == "t/1"


def test_a_task_that_does_not_exist_is_started(aws: StubbedAccess, tasks: OneOffTasks) -> None:
    """Without an earlier task of the key one is started."""
    listed(aws, [], [])
    started(aws)
    assert tasks.start_or_join(WANTED).arn == "t/new"


def test_a_task_that_has_ended_is_not_joined(aws: StubbedAccess, tasks: OneOffTasks) -> None:
    """What an earlier run's task came to does not count for this one."""
    listed(aws, [], ["t/1"])
    gone = {"name": "web", "lastStatus": "STOPPED", "exitCode": 1}
    described = [{"taskArn": "t/1", "lastStatus": "DEPROVISIONING", "startedBy": "key", "containers": [gone]}]
    aws.answers("ecs", "describe_tasks", {"tasks": described}, cluster="c", tasks=["t/1"])
    started(aws)
    assert tasks.start_or_join(WANTED).arn == "t/new"


def test_tasks_left_behind_are_known_by_their_prefix(aws: StubbedAccess, tasks: OneOffTasks) -> None:
    """Also those told to end; neither the service's nor those whose containers have ended."""
    web = {"name": "web", "lastStatus": "RUNNING"}
    gone = {"name": "web", "lastStatus": "STOPPED", "exitCode": 0}
    listed = {
        "RUNNING": [
            {"taskArn": "t/1", "startedBy": "migrate-x-1", "lastStatus": "RUNNING", "containers": [web]},
            {"taskArn": "t/2", "startedBy": "ecs-svc/1", "lastStatus": "RUNNING", "containers": [web]},
            {"taskArn": "t/3", "startedBy": "migrate-x-2", "lastStatus": "PENDING"},
        ],
        "STOPPED": [
            {"taskArn": "t/4", "startedBy": "sqlite-swap-1", "lastStatus": "STOPPING", "containers": [web]},
            {"taskArn": "t/5", "startedBy": "migrate-x-3", "lastStatus": "STOPPED"},
            {
                "taskArn": "t/6",
                "startedBy": "migrate-x-4",
                "lastStatus": "DEPROVISIONING",
                "containers": [gone],
            },
        ],
    }
    for status, found in listed.items():
        arns = [item["taskArn"] for item in found]
        aws.answers("ecs", "list_tasks", {"taskArns": arns}, cluster="c", desiredStatus=status)
        aws.answers("ecs", "describe_tasks", {"tasks": found}, cluster="c", tasks=arns)
    assert [task.arn for task in tasks.left_behind("migrate-", "sqlite-")] == ["t/1", "t/3", "t/4"]


def test_describe(aws: StubbedAccess, tasks: OneOffTasks) -> None:
    """A task that ECS does not know is an error of its own kind."""
    aws.answers(
        "ecs",
        "describe_tasks",
        {"tasks": [{"taskArn": "t/1", "startedBy": "key"}]},
        cluster="c",
        tasks=["t/1"],
    )
    aws.answers("ecs", "describe_tasks", {"tasks": []}, cluster="c", tasks=["t/1"])
    assert tasks.describe("t/1").arn == "t/1"
    with pytest.raises(TaskUnknownError, match="t/1"):
        tasks.describe("t/1")


def test_stop_cuts_the_reason(aws: StubbedAccess, tasks: OneOffTasks) -> None:
    """ECS refuses reasons of more than 255 characters."""
    aws.answers("ecs", "stop_task", {}, cluster="c", task="t/1", reason="x" * 255)
    tasks.stop("t/1", "x" * 300)


def test_errors_name_the_key(aws: StubbedAccess, tasks: OneOffTasks) -> None:
    """A refused look-up says what was looked for."""
    aws.refuses("ecs", "list_tasks", "AccessDeniedException")
    with pytest.raises(AwsError, match="started by key"):
        tasks.find("key")


NO_ROOM = (
    "Capacity is unavailable at this time. Please try again later or in a different availability zone",
    "You've reached the limit on the number of vCPUs you can run concurrently",
)


@pytest.mark.parametrize("message", NO_ROOM)
def test_a_task_for_which_there_is_no_room_is_started_when_there_is(
    aws: StubbedAccess, tasks: OneOffTasks, message: str
) -> None:
    """Other tasks are about to end."""
    for _ in range(3):
        aws.stub("ecs").add_client_error("run_task", "ClientException", message)
    started(aws)
    slept: list[float] = []
    assert tasks.start(WANTED, slept.append).arn == "t/new"
    assert len(slept) == 3


@pytest.mark.parametrize(("message", "asked"), [*((text, 24) for text in NO_ROOM), ("Invalid subnet", 1)])
def test_a_task_for_which_there_is_no_room_is_not_asked_for_for_ever(
    aws: StubbedAccess, tasks: OneOffTasks, message: str, asked: int
) -> None:
    """After two minutes ECS's reason is told; any other at once."""
    for _ in range(asked):
        aws.stub("ecs").add_client_error("run_task", "ClientException", message)
    now = itertools.count(step=5)
    with pytest.raises(AwsError, match=message):
        tasks.start(WANTED, lambda _: None, lambda: next(now))
