"""Tasks of the emulated ECS as Fargate runs them; installed over MiniStack's own before it serves.

MiniStack 1.5 (https://github.com/ministackorg/ministack, services/ecs.py) starts each container of a task for
itself: with no common network, in the order of the definition, without user, entry point, health check and
the like; and it calls a task stopped before its containers are. Each replacement says what it adds.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import Any

from docker.errors import DockerException
from ministack.core import container_reaper  # type: ignore[import-untyped] # has no types
from ministack.core.concurrency import (  # type: ignore[import-untyped] # has no types
    resource_lock,
    spawn_background,
)
from ministack.services import ecs  # type: ignore[import-untyped] # has no types

from deployments.local.stack import fargate
from deployments.local.stack.endings import STOPPING, Task, begin_stop, end
from deployments.local.stack.sandbox import Sandbox, open_sandbox, remove_volumes

_LOOK = 0.1
"""Seconds between two looks at what is waited for."""
_EARLY = 0.5
"""Seconds between two early health checks."""


class NotStartedError(Exception):
    """A container of a task that ends is not started any more."""


def install() -> None:
    """Put the replacements of this module in the place of MiniStack's own functions."""
    ecs._start_task_worker = _in_sandbox(ecs._start_task_worker)
    ecs._build_run_kwargs = _with_settings(ecs._build_run_kwargs)
    ecs._run_docker_container = _when_awaited(ecs._run_docker_container)
    ecs._record_service_task_healthy = _when_healthy(ecs._record_service_task_healthy)
    ecs._task_ip = _of_healthy(ecs._task_ip)
    ecs._mark_task_stopped = begin_stop
    ecs._cleanup_task_resources = end
    ecs._maybe_mark_stopped = look
    ecs._ACTION_MAP["RegisterTaskDefinition"] = _refusing(ecs._register_task_definition)
    for verb, handler in (("CreateService", ecs._create_service), ("UpdateService", ecs._update_service)):
        ecs._ACTION_MAP[verb] = _rebalancing(handler)
    container_reaper.reap_all = _with_volumes(container_reaper.reap_all)


def _with_volumes(remove: Callable[..., int]) -> Callable[..., int]:
    """MiniStack removes the containers of a run that was killed at its start and its end, but no volumes."""

    def remove_all(client: Any, *rest: Any, **named: Any) -> int:
        removed = remove(client, *rest, **named)
        remove_volumes(client, container_reaper.instance_id())
        return removed

    return remove_all


def _refusing(register: Callable[..., Any]) -> Callable[[dict[str, Any]], Any]:
    """MiniStack registers every ``dependsOn``."""

    def refuse_or_register(data: dict[str, Any]) -> Any:
        definitions = data.get("containerDefinitions") or []
        fault = fargate.fault_of(definitions) if all("name" in item for item in definitions) else ""
        return ecs.error_response_json("ClientException", fault, 400) if fault else register(data)

    return refuse_or_register


def _rebalancing(handle: Callable[..., Any]) -> Callable[[dict[str, Any]], Any]:
    """MiniStack forgets whether tasks are spread over the zones again."""

    def handle_and_keep(data: dict[str, Any]) -> Any:
        answer = handle(data)
        name = str(data.get("serviceName") or data.get("service")).rpartition("/")[2]
        for key, service in ecs._services.items():
            if key.endswith(f"/{name}"):
                kept = service.get("availabilityZoneRebalancing", "DISABLED")
                service["availabilityZoneRebalancing"] = data.get("availabilityZoneRebalancing", kept)
        return answer

    return handle_and_keep


def _in_sandbox(start: Callable[..., None]) -> Callable[..., None]:
    """MiniStack gives each container a network of its own, and no volume that begins empty."""

    def start_in_sandbox(task: Task, definition: dict[str, Any], overrides: Any, client: Any) -> None:
        in_order = {**definition, "containerDefinitions": _put_in_order(task, definition)}
        with _starting(task):
            _await_room(task)
            sandbox = open_sandbox(client, task["taskArn"], in_order)
            task["_sandbox"] = asdict(sandbox)
            if sandbox.network_of:
                ecs._record_task_ip(task, client.containers.get(sandbox.network_of), None)
            start(task, in_order, overrides, client)
        if not ecs._task_is_active(task["taskArn"], task):
            end(task, client)

    return start_in_sandbox


def _put_in_order(task: Task, definition: dict[str, Any]) -> list[fargate.Definition]:
    """Bring the task's containers into the order of their starts: MiniStack tells them by their index."""
    definitions = fargate.ordered(definition["containerDefinitions"])
    shown = {container["name"]: container for container in task["containers"]}
    task["containers"] = [shown[item["name"]] for item in definitions]
    task["_definitions"] = definitions
    return definitions


@contextmanager
def _starting(task: Task) -> Iterator[None]:
    """Mark the task as starting: whoever stops it now leaves its end to this thread."""
    task["_starting"] = True
    try:
        yield
    finally:
        task["_starting"] = False


def _await_room(task: Task) -> None:
    """MiniStack counts no task that is stopping: two would write one file where one is allowed."""
    cluster = ecs._cluster_name_from_arn(task["clusterArn"])
    service = ecs._services.get(f"{cluster}/{task['group'].partition('service:')[2]}") or {}
    percent = (service.get("deploymentConfiguration") or {}).get("maximumPercent", 200)
    while service and ecs._task_is_active(task["taskArn"], task):
        states = [
            other["lastStatus"]
            for other in list(ecs._tasks.values())
            if (other["group"], other["clusterArn"]) == (task["group"], task["clusterArn"])
        ]
        stopping = sum(state in STOPPING for state in states)
        live = sum(state in ecs._PRE_STOP_STATUSES for state in states)
        if fargate.has_room(live, stopping, service["desiredCount"], percent):
            return
        time.sleep(_LOOK)


def _with_settings(build: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """MiniStack leaves out user, entry point, working directory, read-only root and health check."""

    def build_with_settings(container: fargate.Definition, *rest: Any) -> dict[str, Any]:
        given = build(container, *rest)
        task = ecs._tasks.get(given["labels"]["com.amazonaws.ecs.task-arn"])
        sandbox = Sandbox(**task["_sandbox"])
        added = fargate.docker_arguments(container, sandbox.volumes, sandbox.network_of)
        added["volumes"] = [*given.get("volumes", []), *added["volumes"]]
        # What belongs to the network is the sandbox's.
        left_out = ("network", "extra_hosts", "ports") if sandbox.network_of else ()
        return {**{name: value for name, value in given.items() if name not in left_out}, **added}

    return build_with_settings


def _when_awaited(run: Callable[..., Any]) -> Callable[..., Any]:
    """MiniStack starts all containers at once, whatever they depend on."""

    def run_when_awaited(
        client: Any, container: fargate.Definition, arguments: dict[str, Any], **rest: Any
    ) -> Any:
        task = ecs._tasks.get(arguments["labels"]["com.amazonaws.ecs.task-arn"])
        _await_dependencies(task, container, client)
        started = run(client, container, arguments, **rest)
        if container.get("healthCheck"):
            spawn_background(_check_early, task, client, started.id, container["healthCheck"])
        return started

    return run_when_awaited


def _await_dependencies(task: Task, container: fargate.Definition, client: Any) -> None:
    began = time.monotonic()
    while True:
        if not ecs._task_is_active(task["taskArn"], task):
            raise NotStartedError("The task is stopped.")
        seen = _seen(task, list(task["_docker_ids"]), client)
        if ended := fargate.ending(task["_definitions"], seen, of_service=False):
            _give_up(task, *ended)
        waits, fault = fargate.awaited(container, task["_definitions"], seen, time.monotonic() - began)
        if fault:
            _give_up(task, f"TaskFailedToStart: {fault}", "TaskFailedToStart")
        if not waits:
            return
        time.sleep(_LOOK)


def _give_up(task: Task, reason: str, code: str) -> None:
    begin_stop(task["taskArn"], task, reason, code)
    raise NotStartedError(reason)


def _check_early(task: Task, client: Any, container: str, check: fargate.Definition) -> None:
    """Look as soon as a container is up: Docker looks for the first time after a whole interval.

    Engines from 25 have ``start_interval`` for it, which its SDK cannot ask for.
    """
    command = fargate.check_command(check)
    while ecs._task_is_active(task["taskArn"], task) and not _is_passed(task, container):
        with suppress(DockerException, OSError):
            state = client.api.inspect_container(container)["State"]
            if (state.get("Health") or {}).get("Status") != "starting":
                return
            check = client.api.exec_create(container, command)["Id"]
            client.api.exec_start(check)
            if client.api.exec_inspect(check)["ExitCode"] == 0:
                task.setdefault("_passed", []).append(container)
        time.sleep(_EARLY)


def _is_passed(task: Task, container: str) -> bool:
    return container in task.get("_passed", [])


def _seen(task: Task, ids: list[str], client: Any) -> dict[str, fargate.Seen]:
    """Look at the started containers; one that the engine does not tell of now is taken to run."""
    found = {}
    names = [container["name"] for container in task["containers"]]
    for name, container in zip(names, ids, strict=False):
        try:
            state = client.api.inspect_container(container)["State"]
        except (DockerException, OSError):
            found[name] = fargate.Seen(running=True)
            continue
        health = fargate.container_health(
            (state.get("Health") or {}).get("Status"), _is_passed(task, container)
        )
        exited = state["Status"] in ("exited", "dead")
        found[name] = fargate.Seen(not exited, state["ExitCode"] if exited else None, health)
    return found


def look(task: Task, client: Any = None) -> None:
    """Write down what the containers do, and stop the task where ECS would.

    MiniStack knows no health, and leaves the other containers running when an essential one has ended.
    """
    arn = task["taskArn"]
    with resource_lock("ecs-task", arn):
        ids = list(task.get("_docker_ids") or [])
    client = client or ecs._get_docker()
    if not client or not ids or task["lastStatus"] != "RUNNING" or not ecs._task_is_active(arn, task):
        return
    seen = _seen(task, ids, client)
    of_service = task["group"].startswith("service:")
    with resource_lock("ecs-task", arn):
        _write(task, seen)
        before, task["healthStatus"] = task["healthStatus"], fargate.task_health(task["_definitions"], seen)
    if of_service and task["healthStatus"] == "HEALTHY" != before:
        _count(task)
    ended = fargate.ending(task["_definitions"], seen, of_service=of_service)
    if ended and begin_stop(arn, task, *ended):
        end(task, client)


def _count(task: Task) -> None:
    """Let the rollout go on that waited for this task's health."""
    cluster = ecs._cluster_name_from_arn(task["clusterArn"])
    service = f"{cluster}/{task['group'].partition(':')[2]}"
    ecs._record_service_task_healthy(service, task)
    ecs._reconcile_service_tasks(cluster, service)
    ecs._complete_service_deployment(cluster, service)


def _write(task: Task, seen: dict[str, fargate.Seen]) -> None:
    for container in task["containers"]:
        if state := seen.get(container["name"]):
            container["healthStatus"] = state.health
            if not state.running:
                container["lastStatus"], container["exitCode"] = "STOPPED", state.exit_code


def _of_healthy(address: Callable[[Task], str | None]) -> Callable[[Task], str | None]:
    """MiniStack's target groups check no health: a task enters its group when its container is healthy.

    It is asked for the address of a task for this alone.
    """

    def address_of_healthy(task: Task) -> str | None:
        awaits = fargate.awaits_health(task.get("_definitions", []), task["healthStatus"])
        return None if awaits else address(task)

    return address_of_healthy


def _when_healthy(record: Callable[[str, Task], None]) -> Callable[[str, Task], None]:
    """MiniStack counts a task for its rollout a second after its start, whatever its health check says."""

    def record_when_healthy(service: str, task: Task) -> None:
        if not fargate.awaits_health(task.get("_definitions", []), task["healthStatus"]):
            record(service, task)

    return record_when_healthy
