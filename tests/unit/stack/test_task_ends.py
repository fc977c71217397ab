"""The emulated ECS calls a task stopped when its containers are, and ends it with its essential container."""

import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import APIError
from ministack.services import ecs  # type: ignore[import-untyped] # has no types

from deployments.local.stack import fargate
from deployments.local.stack.endings import begin_stop, end
from deployments.local.stack.tasks import NotStartedError, _await_dependencies, _await_room, look

ARN = "arn:aws:ecs:us-east-1:000000000000:task/lab/0123456789abcdef"
REDIS = {"name": "redis", "essential": False, "stopTimeout": 3, "healthCheck": {"command": ["CMD", "true"]}}
APP = {"name": "app", "dependsOn": [{"containerName": "redis", "condition": "HEALTHY"}]}


class Engine:
    """Containers by id, with what they do; told of each stop and removal in turn."""

    def __init__(self) -> None:
        self.states: dict[str, Any] = {"redis-id": "running", "app-id": "running"}
        self.health = "healthy"
        self.log: list[Any] = []
        self.api = SimpleNamespace(
            inspect_container=self._inspect,
            stop=self._stop,
            remove_container=lambda name, **_: self.log.append(("remove", name)),
        )

    def _inspect(self, name: str) -> dict[str, Any]:
        state = self.states[name]
        if state is None:
            raise APIError("the engine is busy")
        exited = state != "running"
        code = state if exited else 0
        status = "exited" if exited else "running"
        return {"State": {"Status": status, "ExitCode": code, "Health": {"Status": self.health}}}

    def _stop(self, name: str, timeout: int) -> None:
        assert task_of()["lastStatus"] == "DEACTIVATING"
        self.log.append(("stop", name, timeout))
        if self.states[name] == "running":
            self.states[name] = 143


def task_of() -> dict[str, Any]:
    """Return the one task."""
    found: dict[str, Any] = ecs._tasks[ARN]
    return found


@pytest.fixture
def task() -> Iterator[dict[str, Any]]:
    """A running one-off task of two containers."""
    ecs._tasks[ARN] = {
        "taskArn": ARN,
        "clusterArn": "arn:aws:ecs:us-east-1:000000000000:cluster/lab",
        "group": "family:lab",
        "lastStatus": "RUNNING",
        "desiredStatus": "RUNNING",
        "healthStatus": "UNKNOWN",
        "containers": [{"name": name, "lastStatus": "RUNNING"} for name in ("redis", "app")],
        "_docker_ids": ["redis-id", "app-id"],
        "_definitions": [REDIS, APP],
    }
    yield task_of()
    ecs.reset()


def ended(task: dict[str, Any]) -> dict[str, Any]:
    """Wait for the thread that stops the containers; return their exit codes."""
    deadline = time.monotonic() + 60
    while task["lastStatus"] != "STOPPED":
        assert time.monotonic() < deadline, task
        time.sleep(0.01)
    return {item["name"]: item.get("exitCode") for item in task["containers"]}


def test_containers_are_stopped_in_order_before_their_task(task: dict[str, Any]) -> None:
    """The application before what it depends on, each with its own time; a second stop changes nothing."""
    engine = Engine()
    assert begin_stop(ARN, task, "enough", "UserInitiated", exit_code=0)
    assert (task["desiredStatus"], task["lastStatus"]) == ("STOPPED", "DEACTIVATING")
    assert not begin_stop(ARN, task, "again", "UserInitiated")
    end(task, engine)
    assert ended(task) == {"redis": 143, "app": 143}
    assert engine.log[:2] == [("stop", "app-id", fargate.STOP_TIMEOUT), ("stop", "redis-id", 3)]
    assert (task["stoppedReason"], task["_docker_ids"]) == ("enough", [])


def test_a_task_ends_with_its_essential_container(task: dict[str, Any]) -> None:
    """Its exit code is kept, and the sidecar is stopped."""
    engine = Engine()
    engine.states["app-id"] = 4
    look(task, engine)
    assert ended(task) == {"redis": 143, "app": 4}
    assert task["stopCode"] == "EssentialContainerExited"


def test_a_sidecars_end_is_not_its_tasks(task: dict[str, Any]) -> None:
    """Nor is an engine that does not answer a sign of anything; the health of a sidecar is its own."""
    engine = Engine()
    look(task, engine)
    assert [item["healthStatus"] for item in task["containers"]] == ["HEALTHY", "HEALTHY"]
    engine.states.update({"redis-id": 1, "app-id": None})
    look(task, engine)
    assert (task["lastStatus"], task["healthStatus"]) == ("RUNNING", "UNKNOWN")
    assert task["containers"][0]["exitCode"] == 1


def test_nothing_is_started_in_a_task_that_is_stopped(task: dict[str, Any]) -> None:
    """Not even what waits for a container that would be healthy in a moment."""
    task["_docker_ids"], engine = ["redis-id"], Engine()
    _await_dependencies(task, APP, engine)
    begin_stop(ARN, task, "enough", "UserInitiated")
    with pytest.raises(NotStartedError):
        _await_dependencies(task, APP, engine)
    _await_room(task)


def test_who_waits_for_a_container_that_is_gone_is_given_up(task: dict[str, Any]) -> None:
    """The task's reason is ECS's."""
    task["_docker_ids"], engine = ["redis-id"], Engine()
    engine.states["redis-id"] = 1
    with pytest.raises(NotStartedError, match="exited before it was healthy"):
        _await_dependencies(task, APP, engine)
    assert task["stopCode"] == "TaskFailedToStart"
    end(task, engine)
    assert ended(task) == {"redis": 1, "app": None}
