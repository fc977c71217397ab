"""Ends of emulated tasks, as Fargate ends them: stopped in order, each container with its time, then removed.

MiniStack 1.5 calls a task STOPPED first, and then stops its containers one after the other, each with five
seconds, while its caller waits; after a container's own exit it leaves the others running.
"""

import threading
from contextlib import suppress
from typing import Any

from docker.errors import DockerException
from ministack.core.concurrency import (  # type: ignore[import-untyped] # has no types
    resource_lock,
    spawn_background,
)
from ministack.services import ecs, ecs_metadata  # type: ignore[import-untyped] # has no types

from deployments.local.stack import fargate
from deployments.local.stack.sandbox import Sandbox, close_sandbox

Task = dict[str, Any]
STOPPING = ("DEACTIVATING", "STOPPING", "DEPROVISIONING")
_LAST_LINES = 10.0
"""Seconds that a container's last log lines may take to be forwarded, before it is removed."""


def begin_stop(arn: str, task: Task, reason: str, code: str, **_: Any) -> bool:
    """Let a task be stopped from now on: it is STOPPED only when its containers are.

    MiniStack supposes an exit code here; the containers' own are read when they have ended.
    """
    with resource_lock("ecs-task", arn):
        if not ecs._task_is_active(arn, task):
            return False
        ecs._bump_task_version(task)
        task["desiredStatus"], task["lastStatus"] = "STOPPED", STOPPING[0]
        task["stoppingAt"] = ecs._iso()
        task["stoppedReason"], task["stopCode"] = reason, code
    _tell(task)
    if code in (fargate.ESSENTIAL_EXITED[1], "TaskFailedToStart") or reason == fargate.UNHEALTHY[0]:
        ecs._record_service_task_failure(task)
    return True


def _tell(task: Task) -> None:
    ecs_metadata.set_task_status(task["taskArn"], known_status=task["lastStatus"], desired_status="STOPPED")
    if cluster := ecs._cluster_name_from_arn(task["clusterArn"]):
        ecs._recount_cluster(cluster)
        ecs._refresh_service_state(cluster, task["group"])


def end(task: Task, client: Any, extra_container: Any = None) -> None:
    """Stop the containers of a task that has to end, on a thread of its own, and then call it STOPPED.

    MiniStack kills each five seconds after SIGTERM, one after the other, while its caller waits.
    """
    client = client or ecs._get_docker()
    if extra_container is not None:
        _stop(client, extra_container.id, _definition_of(task, extra_container))
        _remove(client, extra_container.id)
    spawn_background(_end, task, client, thread_name=f"stop-{task['taskArn'].rpartition('/')[2][:8]}")


def _definition_of(task: Task, container: Any) -> fargate.Definition:
    name = container.labels.get("com.amazonaws.ecs.container-name")
    return next((item for item in task.get("_definitions", []) if item["name"] == name), {})


def _end(task: Task, client: Any) -> None:
    with resource_lock("ecs-task", task["taskArn"]):
        ids, task["_docker_ids"] = list(task["_docker_ids"]), []
        tokens, task["_metadata_tokens"] = list(task.get("_metadata_tokens") or []), []
        # A container may be about to start in it: the starting thread comes here once more.
        sandbox = Sandbox(**({} if task.get("_starting") else task.pop("_sandbox", {})))
    started = dict(zip((container["name"] for container in task["containers"]), ids, strict=False))
    for level in reversed(fargate.levels(task.get("_definitions", []))):
        stops = [
            spawn_background(_stop, client, started[item["name"]], item)
            for item in level
            if item["name"] in started
        ]
        for stop in stops:
            stop.join()
    _await_last_lines(task)
    exits = {name: _exit_code(client, container) for name, container in started.items()}
    _finish(task, exits)
    for token in tokens:
        ecs_metadata.unregister_token(token)
    for container in ids:
        _remove(client, container)
    close_sandbox(client, sandbox)


def _stop(client: Any, container: str, definition: fargate.Definition) -> None:
    """Docker sends the image's STOPSIGNAL, else SIGTERM, and kills what is left after the seconds."""
    with suppress(DockerException, OSError):
        client.api.stop(container, timeout=definition.get("stopTimeout") or fargate.STOP_TIMEOUT)


def _remove(client: Any, container: str) -> None:
    with suppress(DockerException, OSError):
        client.api.remove_container(container, force=True, v=True)


def _exit_code(client: Any, container: str) -> int | None:
    with suppress(DockerException, OSError):
        return int(client.api.inspect_container(container)["State"]["ExitCode"])
    return None


def _await_last_lines(task: Task) -> None:
    """A removed container's log can no longer be read: let MiniStack's threads read theirs to the end."""
    prefix = f"ministack-ecs-awslogs-{task['taskArn'].rpartition('/')[2][:8]}-"
    for thread in threading.enumerate():
        if thread.name.startswith(prefix):
            thread.join(_LAST_LINES)


def _finish(task: Task, exits: dict[str, int | None]) -> None:
    with resource_lock("ecs-task", task["taskArn"]):
        for container in task["containers"]:
            container["lastStatus"] = "STOPPED"
            if container.get("exitCode") is None:
                container["exitCode"] = exits.get(container["name"])
        if task.get("_starting") or task["lastStatus"] == "STOPPED":
            return  # its starting thread calls it stopped, or did so
        ecs._bump_task_version(task)
        ecs._bump_task_version(task)
        task["lastStatus"] = "STOPPED"
        task["stoppedAt"] = ecs._iso()
        task["executionStoppedAt"] = task["stoppedAt"]
    _tell(task)
    ecs_metadata.set_all_container_status(task["taskArn"], "STOPPED")
