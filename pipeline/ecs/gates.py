"""Judges whether the tasks of a completed rollout are the wanted ones and healthy. Pure."""

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
    """What is wrong with the running tasks of the deployment; empty when all is well.

    Counts tasks on the deployment's task definition whose container ``container`` runs ``image_digest``.
    """
    ours = [task for task in tasks if task.last_status == "RUNNING" and belongs(task, deployment)]
    faults = [fault for task in ours for fault in _faults(task, deployment, image_digest, container)]
    if len(ours) < deployment.desired:
        faults.append(f"{len(ours)} of {deployment.desired} tasks run")
    return tuple(faults)


def _faults(task: Task, deployment: Deployment, digest: str | None, container: str) -> list[str]:
    faults = []
    if task.task_definition != deployment.task_definition:
        faults.append(f"task {task.id} runs {task.task_definition}")
    if task.health == "UNHEALTHY":
        faults.append(f"task {task.id} is UNHEALTHY by its container health check")
    faults += [
        f"task {task.id} runs image {_digest(item) or 'of an unknown digest'} instead of {digest}"
        for item in task.containers
        if item.name == container and digest and _digest(item) != digest
    ]
    return faults


def _digest(container: Container) -> str:
    """Return the digest that the container runs, else the one that its image is pinned to, else ""."""
    return container.image_digest or container.image.partition("@")[2]


def target_faults(
    tasks: tuple[Task, ...], deployment: Deployment, groups: dict[str, tuple[Target, ...]]
) -> tuple[str, ...]:
    """Which running tasks are not healthy in which target group; empty when every one is everywhere."""
    ours = [task for task in tasks if task.last_status == "RUNNING" and belongs(task, deployment)]
    return tuple(
        fault
        for group, targets in groups.items()
        for task in ours
        if (fault := _target_fault(group, task, targets)) is not None
    )


def _target_fault(group: str, task: Task, targets: tuple[Target, ...]) -> str | None:
    name, address = group.rsplit("targetgroup/", 1)[-1].split("/")[0], task.address
    if address is None:
        return f"task {task.id} has no address yet"
    target = next((item for item in targets if item.address == address), None)
    if target is None:
        return f"{address} is not registered in target group {name}"
    if target.state == "healthy":
        return None
    return f"{address} is {target.state} in target group {name} ({target.reason} {target.description})"
