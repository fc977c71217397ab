"""Tasks of the emulated ECS with real containers: what they share, wait for, and how they end."""

import io
import time
from collections.abc import Iterator
from typing import Any

import docker
import pytest
from ecs_emulator import CLUSTER, Lab, lab

from deployments.local.base_image import ensure_base_image

pytestmark = pytest.mark.docker
__all__ = ["lab"]

REDIS = "vimbiso-test/redis"
DOCKERFILE = """
FROM {}
RUN apt-get update && apt-get install --yes --no-install-recommends redis-server
HEALTHCHECK CMD ["false"]
"""
PING = "import socket; s = socket.create_connection(('localhost', 6379)); s.send(b'PING\\r\\n'); s.recv(9)[0]"
SLEEPS = "trap 'exit 0' TERM; while :; do /busybox sleep 0.1; done"


def box(lab: Lab, name: str, script: str, **more: Any) -> dict[str, Any]:
    """Return a container that runs a script of busybox."""
    return {"name": name, "image": lab.image, "command": ["/busybox", "sh", "-c", script], **more}


def after(name: str, condition: str) -> dict[str, Any]:
    """Return a container's dependency on another."""
    return {"dependsOn": [{"containerName": name, "condition": condition}]}


def register(lab: Lab, family: str, *containers: dict[str, Any], volumes: tuple[str, ...] = ()) -> str:
    """Register a task definition for Fargate; return its ARN."""
    answer = lab.access.client("ecs").register_task_definition(
        family=family,
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        containerDefinitions=list(containers),
        volumes=[{"name": name} for name in volumes],
    )
    return str(answer["taskDefinition"]["taskDefinitionArn"])


def started(lab: Lab, definition: str, **more: Any) -> str:
    """Start a one-off task; return its ARN."""
    answer = lab.access.client("ecs").run_task(cluster=CLUSTER, taskDefinition=definition, **more)
    return str(answer["tasks"][0]["taskArn"])


def until(lab: Lab, arn: str, status: str) -> dict[str, Any]:
    """Wait until the task has come to a status, or stopped before; return it."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        task = lab.access.client("ecs").describe_tasks(cluster=CLUSTER, tasks=[arn])["tasks"][0]
        if task["lastStatus"] in (status, "STOPPED"):
            return dict(task)
        time.sleep(0.1)
    raise AssertionError(task)


def exits(task: dict[str, Any]) -> dict[str, int | None]:
    """Return the exit code of each container; None for one that never ran."""
    return {item["name"]: item.get("exitCode") for item in task["containers"]}


def leavings(arn: str) -> tuple[int, int]:
    """Count the containers and volumes of a task that the engine still has."""
    engine, label = docker.from_env().api, {"label": f"com.amazonaws.ecs.task-arn={arn}"}
    return len(engine.containers(all=True, filters=label)), len(
        engine.volumes(filters=label)["Volumes"] or ()
    )


def gone(arn: str) -> bool:
    """Whether nothing of a task is left, a moment after its end."""
    deadline = time.monotonic() + 30
    while leavings(arn) != (0, 0):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


@pytest.fixture(scope="module")
def redis() -> str:
    """An image with Redis and Python from the distribution's packages; stays, as the base image does."""
    engine, base = docker.from_env(), ensure_base_image(report=lambda _: None)
    tag = f"{REDIS}:{base.rpartition('-')[2]}"
    if not engine.images.list(tag):
        engine.images.build(
            fileobj=io.BytesIO(DOCKERFILE.format(base).encode()), tag=tag, network_mode="host", rm=True
        )
    return tag


@pytest.fixture
def arns() -> Iterator[list[str]]:
    """Tasks of which nothing may be left in the end."""
    found: list[str] = []
    yield found
    assert all(gone(arn) for arn in found)


def test_a_sidecar_is_reached_on_localhost_once_it_is_healthy(lab: Lab, redis: str, arns: list[str]) -> None:
    """Redis as another user on a read-only root; the task ends with its application, and Redis with it."""
    sidecar = {
        "name": "redis",
        "image": redis,
        "essential": False,
        "entryPoint": ["redis-server"],
        "command": ["--save", "", "--dir", "/scratch"],
        "user": "nobody",
        "readonlyRootFilesystem": True,
        "mountPoints": [{"sourceVolume": "scratch", "containerPath": "/scratch"}],
        "healthCheck": {"command": ["CMD", "redis-cli", "ping"], "interval": 5},
    }
    app = {"name": "app", "image": redis, "command": ["python3", "-c", PING], **after("redis", "HEALTHY")}
    arns.append(arn := started(lab, register(lab, "sidecar", app, sidecar, volumes=("scratch",))))
    task = until(lab, arn, "STOPPED")
    assert exits(task) == {"app": 0, "redis": 0}, task
    assert task["stoppedReason"] == "Essential container in task exited"


def test_a_task_has_one_address(lab: Lab, arns: list[str]) -> None:
    """Its containers and whoever asks from outside name the same one; the host is found, too."""
    script = f"/busybox grep -q host.docker.internal /etc/hosts && {SLEEPS}"
    pair = (box(lab, "app", script), box(lab, "side", SLEEPS, essential=False))
    arns.append(arn := started(lab, register(lab, "address", *pair)))
    task = until(lab, arn, "RUNNING")
    (address,) = [
        item["value"] for item in task["attachments"][0]["details"] if item["name"] == "privateIPv4Address"
    ]
    engine = docker.from_env()
    held = engine.containers.list(filters={"label": f"com.amazonaws.ecs.task-arn={arn}"})
    addresses = {item.attrs["NetworkSettings"]["IPAddress"] for item in held} - {""}
    assert (len(held), addresses) == (3, {address})
    lab.access.client("ecs").stop_task(cluster=CLUSTER, task=arn)


def test_an_override_replaces_the_command_alone(lab: Lab, arns: list[str]) -> None:
    """The entry point, the user and the working directory stay."""
    container = {
        **box(lab, "app", ""),
        "entryPoint": ["/busybox", "sh", "-c"],
        "command": ["exit 9"],
        "user": "123",
        "workingDirectory": "/proc",
    }
    definition = register(lab, "override", container)
    script = 'exit $(( $(/busybox id -u) == 123 && $(echo "$PWD" | /busybox grep -c /proc) ? 7 : 1 ))'
    overrides = {"containerOverrides": [{"name": "app", "command": [script]}]}
    for more, expected in (({}, 9), ({"overrides": overrides}, 7)):
        arns.append(arn := started(lab, definition, **more))
        assert exits(until(lab, arn, "STOPPED")) == {"app": expected}


def test_an_init_container_hands_its_work_on(lab: Lab, arns: list[str]) -> None:
    """On a volume that begins empty; the task outlives it."""
    mount = {"mountPoints": [{"sourceVolume": "shared", "containerPath": "/shared"}]}
    init = box(lab, "init", "/busybox sleep 1; echo done > /shared/file", essential=False, **mount)
    app = box(
        lab, "app", "read word < /shared/file && test $word = done", **mount, **after("init", "SUCCESS")
    )
    arns.append(arn := started(lab, register(lab, "init", app, init, volumes=("shared",))))
    assert exits(until(lab, arn, "STOPPED")) == {"init": 0, "app": 0}


def test_a_dependency_that_fails_ends_the_task(lab: Lab, arns: list[str]) -> None:
    """What waits for it is never started, and the reason names both."""
    init = box(lab, "init", "exit 4", essential=False)
    arns.append(
        arn := started(
            lab, register(lab, "failing", box(lab, "app", SLEEPS, **after("init", "SUCCESS")), init)
        )
    )
    task = until(lab, arn, "STOPPED")
    assert (task["stopCode"], exits(task)) == ("TaskFailedToStart", {"init": 4, "app": None})
    assert "[init] for target [app] as dependency did not exit successfully" in task["stoppedReason"]


def test_a_cycle_is_refused(lab: Lab) -> None:
    """When the definition is registered."""
    one, two = box(lab, "one", "", **after("two", "START")), box(lab, "two", "", **after("one", "START"))
    with pytest.raises(lab.access.client("ecs").exceptions.ClientException, match="cycle"):
        register(lab, "cycle", one, two)


def test_a_task_is_stopped_when_its_containers_are(lab: Lab, arns: list[str]) -> None:
    """StopTask answers at once; what depends on another ends first; SIGKILL comes after stopTimeout."""
    slow = box(lab, "slow", SLEEPS.replace("exit 0", "/busybox sleep 2; exit 5"))
    deaf = box(
        lab, "deaf", SLEEPS.replace("exit 0", ""), essential=False, stopTimeout=2, **after("slow", "START")
    )
    arns.append(arn := started(lab, register(lab, "stopping", slow, deaf)))
    until(lab, arn, "RUNNING")
    began = time.monotonic()
    answer = lab.access.client("ecs").stop_task(cluster=CLUSTER, task=arn)["task"]
    assert time.monotonic() - began < 2
    assert (answer["desiredStatus"], answer["lastStatus"]) == ("STOPPED", "DEACTIVATING")
    task = until(lab, arn, "STOPPED")
    assert exits(task) == {"slow": 5, "deaf": 137}
    assert time.monotonic() - began >= 4


def test_a_rollout_waits_for_health_and_an_unhealthy_task_is_replaced(lab: Lab) -> None:
    """A task that is not healthy yet takes nobody's place; one that is no longer healthy loses its own."""
    check = {
        "command": ["CMD", "/busybox", "test", "-e", "/ready"],
        "interval": 5,
        "retries": 1,
        "timeout": 2,
    }
    definition = register(
        lab, "health", box(lab, "app", f"/busybox sleep 2; echo > /ready; {SLEEPS}", healthCheck=check)
    )
    ecs = lab.access.client("ecs")
    lab.serve("health", definition, rolls_back=False)
    (first,) = of_service(lab)
    until(lab, first, "RUNNING")
    ecs.update_service(cluster=CLUSTER, service="health", forceNewDeployment=True)
    (arn,) = set(of_service(lab)) - {first}
    assert until(lab, arn, "RUNNING")["healthStatus"] == "UNKNOWN"
    assert completed(lab) == [arn]
    task = until(lab, arn, "RUNNING")
    assert (task["healthStatus"], task["containers"][0]["healthStatus"]) == ("HEALTHY", "HEALTHY")
    (container,) = docker.from_env().containers.list(filters={"label": f"com.amazonaws.ecs.task-arn={arn}"})
    container.exec_run(["/busybox", "rm", "/ready"])
    task = until(lab, arn, "STOPPED")
    expected = ("Task failed container health checks", "ServiceSchedulerInitiated")
    assert (task["stoppedReason"], task["stopCode"]) == expected
    assert gone(arn)
    assert len(of_service(lab)) == 1


def test_a_service_that_may_have_one_task_never_has_two(lab: Lab, arns: list[str]) -> None:
    """The next one starts when the last one's containers have ended, not when they are told to."""
    ecs, slow = lab.access.client("ecs"), SLEEPS.replace("exit 0", "/busybox sleep 2; exit 0")
    lab.serve("alone", register(lab, "alone", box(lab, "app", slow)), rolls_back=False)
    alone = {"maximumPercent": 100, "minimumHealthyPercent": 0}
    (first,) = of_service(lab, "alone")
    until(lab, first, "RUNNING")
    ecs.update_service(
        cluster=CLUSTER, service="alone", forceNewDeployment=True, deploymentConfiguration=alone
    )
    (second,) = of_service(lab, "alone")
    assert second != first
    began = until(lab, second, "RUNNING")["startedAt"]
    assert until(lab, first, "STOPPED")["stoppedAt"] <= began
    ecs.delete_service(cluster=CLUSTER, service="alone", force=True)
    arns += [first, second]


def of_service(lab: Lab, service: str = "health") -> list[str]:
    """Return the ARNs of the service's tasks that are to run."""
    return list(lab.access.client("ecs").list_tasks(cluster=CLUSTER, serviceName=service)["taskArns"])


def completed(lab: Lab) -> list[str]:
    """Wait for the end of the rollout; return the service's tasks, of which each is healthy."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        (service,) = lab.access.client("ecs").describe_services(cluster=CLUSTER, services=["health"])[
            "services"
        ]
        if service["deployments"][0]["rolloutState"] == "COMPLETED":
            return of_service(lab)
        time.sleep(0.1)
    raise AssertionError(service)
