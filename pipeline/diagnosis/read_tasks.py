"""Reads tasks, their reasons and logs, the task definitions and the image."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from pipeline.aws.errors import calling
from pipeline.delivery.evidence import TaskLogs
from pipeline.delivery.model import TaskEvidence
from pipeline.diagnosis.causes import why_stopped
from pipeline.diagnosis.facts import Definitions, LiveImage, Subject, Tasks
from pipeline.ecs import translate
from pipeline.ecs.model import Task, TaskStatus
from pipeline.ecs.service import list_tasks
from pipeline.image.registry import find_image
from pipeline.live import LiveEnvironment

_LOGS_OF = 3
_LINES = 30


def read_definitions(live: LiveEnvironment) -> Definitions:
    """Return the revision that the service is on, and Terraform's."""
    definitions = live.task_definitions
    present = live.service.require().task_definition
    template = live.outputs.task_definition_arn
    return Definitions(definitions.read(present)[0], definitions.read(template)[0] if template else None)


def read_tasks(live: LiveEnvironment, subject: Subject) -> Tasks:
    """Return every task of the application's family, also its smoke tests and migrations."""
    running = _tasks(live, "RUNNING", None)
    stopped = _tasks(live, "STOPPED", subject.since)
    service = live.outputs.service
    failed = [task for task in stopped if why_stopped(task, service)]
    unhealthy = [task for task in running if task.health == "UNHEALTHY"]
    shown = (failed + unhealthy or list(running))[:_LOGS_OF]
    logs = TaskLogs(live.access, live.outputs.log_group)
    with ThreadPoolExecutor(_LOGS_OF) as pool:
        evidence = tuple(pool.map(lambda task: _evidence(task, service, logs), shown))
    return Tasks(running, stopped, evidence)


def read_image(live: LiveEnvironment) -> LiveImage:
    """Look the image of the live revision up in the registry."""
    definition = live.task_definitions.read(live.service.require().task_definition)[0]
    containers = {item["name"]: item["image"] for item in definition["containerDefinitions"]}
    reference = str(containers[live.outputs.container])
    _, at, digest = reference.partition("@")
    name = digest if at else reference.rpartition(":")[2]
    return LiveImage(reference, find_image(live.access, live.outputs.repository_name, name) is not None)


def _tasks(live: LiveEnvironment, status: TaskStatus, since: datetime | None) -> tuple[Task, ...]:
    ecs, outputs = live.access.client("ecs"), live.outputs
    with calling(f"Listing the {status} tasks of {outputs.task_family}"):
        raws = list_tasks(ecs, cluster=outputs.cluster, family=outputs.task_family, desiredStatus=status)
        found = [translate.task(raw) for raw in raws]
    kept = [task for task in found if since is None or task.created_at >= since]
    return tuple(sorted(kept, key=lambda task: task.created_at, reverse=True))


def _evidence(task: Task, service: str, logs: TaskLogs) -> TaskEvidence:
    lines = {item.name: logs.tail(task, item.name, _LINES) for item in task.containers}
    reason = why_stopped(task, service) or f"{task.last_status}, health {task.health}"
    return TaskEvidence(task.id, reason, lines)
