"""Tells the tasks that stopped for a fault from those that did their work. Pure."""

from pipeline.ecs.model import Task
from pipeline.ecs.rollout import failure_reason


def why_stopped(task: Task, service: str) -> str | None:
    """Return why a task stopped; None where it was wanted, or a one-off task that ended with exit code 0."""
    codes = {container.exit_code for container in task.containers}
    if one_off(task, service) and codes == {0}:
        return None
    return failure_reason(task)


def one_off(task: Task, service: str) -> bool:
    """Whether a task is not the service's: a migration, a backup, a trial.

    ECS writes the deployment's id into ``startedBy`` of a service's task, the emulator the service's name.
    """
    return not (task.started_by.startswith("ecs-svc/") or task.started_by == service)
