"""Judges the tasks of a deployment and their targets. Pure."""

from collections.abc import Iterable

from pipeline.ecs.model import Container, Deployment, Target, Task


def belongs(task: Task, deployment: Deployment) -> bool:
    """Whether a task was started by the deployment.

    ECS writes the deployment's id into ``startedBy``. Where something else stands there (the emulator
    writes the service's name), the task definition and the time of its creation decide.
    """
    if task.started_by.startswith("ecs-svc/"):
        return task.started_by == deployment.id
    return task.task_definition == deployment.task_definition and task.created_at >= deployment.created_at


def task_faults(
    tasks: tuple[Task, ...], deployment: Deployment, image_digest: str | None, container: str
) -> tuple[str, ...]:
    """Faults of the deployment's running tasks, each of which speaks against it; empty when all is well."""
    ours = (task for task in tasks if task.last_status == "RUNNING" and belongs(task, deployment))
    return tuple(fault for task in ours for fault in _faults(task, deployment, image_digest, container))


def health_faults(tasks: Iterable[Task]) -> tuple[str, ...]:
    """Running tasks that their own container health check finds UNHEALTHY."""
    return tuple(
        f"task {task.id} is UNHEALTHY by its container health check"
        for task in tasks
        if task.last_status == "RUNNING" and task.health == "UNHEALTHY"
    )


def _faults(task: Task, deployment: Deployment, digest: str | None, container: str) -> list[str]:
    faults = []
    if task.task_definition != deployment.task_definition:
        faults.append(f"task {task.id} runs {task.task_definition}")
    faults += health_faults([task])
    faults += [
        f"task {task.id} runs image {_digest(item) or 'of an unknown digest'} instead of {digest}"
        for item in task.containers
        if item.name == container and digest and digest not in (_digest(item), _pinned(item))
    ]
    return faults


def _digest(container: Container) -> str:
    """Return the digest that the container runs, else the one that its image is pinned to, else ""."""
    return container.image_digest or _pinned(container)


def _pinned(container: Container) -> str:
    """Return the digest that the image is pinned to, or ""; of an index ECS may tell the image out of it."""
    return container.image.partition("@")[2]


Groups = dict[str, tuple[Target, ...]]
"""Targets by the ARN of their group."""
_COMING = ("initial", "")
"""States of a target that may become healthy: registration takes a while."""


def target_faults(tasks: Iterable[Task], groups: Groups) -> tuple[str, ...]:
    """Running tasks that the load balancer found unhealthy, with the group; a new one is none of them."""
    return tuple(
        fault
        for group in groups
        for task in tasks
        if task.last_status == "RUNNING"
        and (found := _target(task, groups[group])) is not None
        and found.state != "healthy"
        and found.state not in _COMING
        and (fault := _shortcoming(task, group, groups[group]))
    )


def count_healthy(tasks: Iterable[Task], groups: Groups) -> tuple[int, tuple[str, ...]]:
    """Count the running tasks that are healthy in every target group; name what the others lack."""
    healthy, lacks = 0, list[str]()
    for task in tasks:
        if task.last_status != "RUNNING":
            continue
        lacking = [lack for group, targets in groups.items() if (lack := _shortcoming(task, group, targets))]
        healthy += not lacking
        lacks += lacking
    return healthy, tuple(lacks)


def _target(task: Task, targets: tuple[Target, ...]) -> Target | None:
    return next((item for item in targets if item.address == task.address), None)


def _shortcoming(task: Task, group: str, targets: tuple[Target, ...]) -> str:
    name, target = group.rsplit("targetgroup/", 1)[-1].split("/")[0], _target(task, targets)
    if task.address is None:
        return f"task {task.id} has no address yet"
    if target is None:
        return f"{task.address} is not registered in target group {name}"
    if target.state == "healthy":
        return ""
    said = f"{target.reason} {target.description}"
    return f"{task.address} is {target.state} in target group {name} ({said})"
