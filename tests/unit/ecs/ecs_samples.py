"""Values of the ECS domain with everything filled in, for tests to vary."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline.ecs.model import Container, Deployment, Service, Task
from pipeline.release.model import Previous, Release, Rollout

START = datetime(2025, 3, 1, 12, tzinfo=UTC)
DEADLINE = START + timedelta(minutes=15)
FAMILY = "arn:aws:ecs:af-south-1:000000000000:task-definition/app"
OLD, NEW, OTHER = f"{FAMILY}:7", f"{FAMILY}:8", f"{FAMILY}:9"
DIGEST = f"sha256:{'a' * 64}"

_OURS = Deployment(
    id="ecs-svc/2",
    status="PRIMARY",
    task_definition=NEW,
    rollout_state="IN_PROGRESS",
    rollout_reason="",
    desired=2,
    running=1,
    pending=1,
    failed=0,
    created_at=START,
    updated_at=START,
)
_TASK = Task(
    arn="arn:aws:ecs:af-south-1:000000000000:task/cluster/0123456789abcdef0123456789abcdef",
    task_definition=NEW,
    started_by="ecs-svc/2",
    last_status="RUNNING",
    health="HEALTHY",
    created_at=START + timedelta(seconds=1),
    stop_code="",
    stopped_reason="",
    address="10.0.0.5",
    containers=(Container("web", "RUNNING", "repo@" + DIGEST, DIGEST, None, "", "HEALTHY"),),
)
ROLLOUT = Rollout(
    release=Release(name="r8", image=f"repo@{DIGEST}", digest=DIGEST, task_definition=NEW),
    primary_before="ecs-svc/1",
    previous=Previous(deployment_id="ecs-svc/1", task_definition=OLD, image_digest="sha256:old"),
    started_at=START,
    deployment_id="ecs-svc/2",
)


def ours(**changes: Any) -> Deployment:
    """Return our deployment: PRIMARY, on its way."""
    return replace(_OURS, **changes)


def done(**changes: Any) -> Deployment:
    """Return our deployment, completed."""
    return ours(**({"rollout_state": "COMPLETED", "running": 2, "pending": 0} | changes))


def before(**changes: Any) -> Deployment:
    """Return the deployment that ran before: ACTIVE, its tasks draining."""
    return done(**({"id": "ecs-svc/1", "status": "ACTIVE", "task_definition": OLD} | changes))


def service(*deployments: Deployment, **changes: Any) -> Service:
    """Return a service that lists these deployments; its own counts are misleading on purpose."""
    values = {"name": "web", "status": "ACTIVE", "desired": 99, "task_definition": NEW}
    return Service(**(values | {"deployments": deployments, "breaker_rolls_back": False} | changes))


def task(number: int = 1, **changes: Any) -> Task:
    """Return a running task of our deployment."""
    named = {"arn": f"arn:aws:ecs:af-south-1:000000000000:task/cluster/{number:032x}"}
    return replace(_TASK, **(named | changes))


def stopped(number: int = 1, exit_code: int | None = 1, **changes: Any) -> Task:
    """Return a task whose container ended with this exit code."""
    ended = replace(_TASK.containers[0], last_status="STOPPED", exit_code=exit_code)
    values = {
        "last_status": "STOPPED",
        "stop_code": "EssentialContainerExited",
        "stopped_reason": "Essential container in task exited",
        "containers": (ended,),
    }
    return task(number, **(values | changes))
