"""RunTask's request, its limits, and how a stopped task is judged."""

from dataclasses import replace

import pytest
from ecs_samples import stopped as ended
from ecs_samples import task

from pipeline.ecs.model import Container, OneOffTaskError, Task
from pipeline.ecs.oneoff import (
    OVERRIDES_LIMIT,
    STARTED_BY_LIMIT,
    OneOff,
    failure,
    run_task_request,
    stopped,
)
from pipeline.ecs.oneoff import ended as has_ended

WANTED = OneOff("cluster", "td:8", "web", "migrate-1")
FRAME = len('{"containerOverrides":[{"name":"web","command":[""]}]}')


def test_a_bare_request() -> None:
    """Without command, environment and network the image's own stay as they are."""
    assert run_task_request(WANTED) == {
        "cluster": "cluster",
        "taskDefinition": "td:8",
        "startedBy": "migrate-1",
        "launchType": "FARGATE",
        "count": 1,
        "overrides": {"containerOverrides": [{"name": "web"}]},
    }


def test_a_full_request() -> None:
    """Command, environment in order of names, and network are handed over."""
    full = replace(
        WANTED, command=("a", "b"), environment={"Z": "1", "A": "2"}, subnets=("s",), security_groups=("g",)
    )
    found = run_task_request(full)
    assert found["overrides"]["containerOverrides"] == [
        {
            "name": "web",
            "command": ["a", "b"],
            "environment": [{"name": "A", "value": "2"}, {"name": "Z", "value": "1"}],
        }
    ]
    assert found["networkConfiguration"] == {
        "awsvpcConfiguration": {"subnets": ["s"], "securityGroups": ["g"]}
    }


def test_an_empty_command_is_a_command() -> None:
    """An empty command replaces the image's; None does not."""
    found = run_task_request(replace(WANTED, command=()))
    assert found["overrides"]["containerOverrides"] == [{"name": "web", "command": []}]


def test_the_longest_overrides_pass_and_longer_ones_do_not() -> None:
    """ECS's limit counts the whole overrides object; the emulator does not enforce it."""
    longest = "x" * (OVERRIDES_LIMIT - FRAME)
    assert run_task_request(replace(WANTED, command=(longest,)))
    with pytest.raises(OneOffTaskError, match=f"{OVERRIDES_LIMIT + 1} characters"):
        run_task_request(replace(WANTED, command=(longest + "x",)))


def test_the_longest_key_passes_and_longer_ones_do_not() -> None:
    """A cut startedBy would never be found again, so it is refused."""
    assert run_task_request(replace(WANTED, started_by="x" * STARTED_BY_LIMIT))
    with pytest.raises(OneOffTaskError, match="longer than 128"):
        run_task_request(replace(WANTED, started_by="x" * (STARTED_BY_LIMIT + 1)))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(ended(exit_code=0), None, id="exit code 0"),
        pytest.param(
            ended(exit_code=3),
            "exit code 3: EssentialContainerExited: Essential container in task exited",
            id="exit code 3",
        ),
        pytest.param(
            ended(exit_code=None, stop_code="TaskFailedToStart", stopped_reason="no image"),
            "no exit code: TaskFailedToStart: no image",
            id="never started",
        ),
        pytest.param(
            ended(containers=(), stopped_reason=""),
            "no exit code: EssentialContainerExited",
            id="no container",
        ),
    ],
)
def test_failure(found: Task, expected: str | None) -> None:
    """Exit code 0 alone is a success; no exit code at all is a failure."""
    assert failure(found, "web") == expected


WEB = ended().containers[0]
SIDE = replace(WEB, name="side")
UP = replace(SIDE, last_status="RUNNING", exit_code=None)


@pytest.mark.parametrize(
    ("containers", "named", "each"),
    [
        ((WEB,), True, True),
        ((replace(WEB, exit_code=0), SIDE), True, True),
        ((WEB, UP), True, False),
        ((UP, replace(WEB, last_status="RUNNING", exit_code=None)), False, False),
        ((replace(WEB, exit_code=None),), False, False),
        ((SIDE,), False, True),
        ((), False, False),
    ],
)
@pytest.mark.parametrize("status", ["RUNNING", "STOPPING", "DEPROVISIONING", "STOPPED"])
def test_a_one_off_has_ended_with_its_container(
    containers: tuple[Container, ...], named: bool, each: bool, status: str
) -> None:
    """Its exit code is known long before the task is gone; one that never started has none until then."""
    found = task(last_status=status, containers=containers)
    gone = status == "STOPPED"
    assert (has_ended(found, "web"), has_ended(found)) == (named or gone, each or gone)


def test_failure_of_a_task_that_is_not_gone_yet() -> None:
    """ECS may tell its reasons later."""
    found = ended(last_status="DEPROVISIONING", stop_code="", stopped_reason="")
    assert failure(found, "web") == "exit code 1"


def test_failure_says_the_containers_reason() -> None:
    """The container's own reason stands last."""
    killed = replace(ended(exit_code=137).containers[0], reason="OutOfMemoryError")
    assert str(failure(ended(containers=(killed,)), "web")).endswith(": OutOfMemoryError")


def test_stopped() -> None:
    """Only STOPPED is an end: DEPROVISIONING still holds its address."""
    assert stopped(ended())
    assert not stopped(task(last_status="DEPROVISIONING"))
