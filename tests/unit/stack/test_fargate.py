"""The emulated ECS starts, judges and stops a task's containers as ECS is documented to."""

from typing import Any

import pytest

from deployments.local.stack import fargate
from deployments.local.stack.fargate import ESSENTIAL_EXITED, UNHEALTHY, Seen

CHECK = {"command": ["CMD", "true"]}
RUNS, WELL, ILL = Seen(True), Seen(True, None, "HEALTHY"), Seen(True, None, "UNHEALTHY")
DONE, FAILED = Seen(False, 0), Seen(False, 3)


def container(name: str, *needs: tuple[str, str], essential: bool = True, **more: Any) -> dict[str, Any]:
    """Return a container definition with what it depends on."""
    depends = [{"containerName": other, "condition": condition} for other, condition in needs]
    return {"name": name, "essential": essential, "dependsOn": depends, **more}


@pytest.mark.parametrize(
    ("definitions", "expected"),
    [
        pytest.param([{"name": "app"}], "", id="nothing to depend on"),
        pytest.param(
            [container("app", ("redis", "HEALTHY")), container("redis", healthCheck=CHECK)], "", id="right"
        ),
        pytest.param([container("app", ("reddis", "START"))], "it depends on 'reddis'", id="unknown name"),
        pytest.param([container("app", ("app", "START"))], "has a cycle", id="itself"),
        pytest.param(
            [container("a", ("b", "START")), container("b", ("a", "START"))], "has a cycle", id="cycle"
        ),
        pytest.param(
            [container("app", ("init", "SUCCESS")), container("init")],
            "A dependency container with SUCCESS or COMPLETE condition cannot be an essential container",
            id="awaited end of an essential container",
        ),
        pytest.param(
            [container("app", ("redis", "HEALTHY")), container("redis")], "has no health check", id="no check"
        ),
        pytest.param(
            [container("app", ("redis", "READY")), container("redis")], "'READY' is no condition", id="word"
        ),
    ],
)
def test_dependencies_that_cannot_be_kept_are_refused(
    definitions: list[dict[str, Any]], expected: str
) -> None:
    """By RegisterTaskDefinition, where MiniStack takes everything."""
    fault = fargate.fault_of(definitions)
    assert expected in fault
    assert bool(fault) == bool(expected)


def test_containers_start_after_what_they_depend_on() -> None:
    """In levels: the first depends on nothing, and within one the definition's order stays."""
    definitions = [
        container("app", ("redis", "HEALTHY"), ("init", "SUCCESS")),
        container("logger"),
        container("init", ("redis", "START")),
        container("redis"),
    ]
    names = [[item["name"] for item in level] for level in fargate.levels(definitions)]
    assert names == [["logger", "redis"], ["init"], ["app"]]


@pytest.mark.parametrize(
    ("condition", "seen", "waited", "waits", "fault"),
    [
        ("START", None, 0, True, ""),
        ("START", RUNS, 0, False, ""),
        ("START", FAILED, 0, False, ""),
        ("COMPLETE", RUNS, 0, True, ""),
        ("COMPLETE", FAILED, 0, False, ""),
        ("SUCCESS", RUNS, 0, True, ""),
        ("SUCCESS", DONE, 0, False, ""),
        ("SUCCESS", FAILED, 0, True, "as dependency did not exit successfully."),
        ("HEALTHY", RUNS, 0, True, ""),
        ("HEALTHY", ILL, 19, True, ""),
        ("HEALTHY", WELL, 0, False, ""),
        ("HEALTHY", DONE, 0, True, "as dependency exited before it was healthy."),
        ("HEALTHY", RUNS, 20, True, "has timed out."),
        ("COMPLETE", RUNS, 20, True, "has timed out."),
    ],
)
def test_a_container_waits_for_its_dependency(
    condition: str, seen: Seen | None, waited: float, waits: bool, fault: str
) -> None:
    """And is given up once the dependency can no longer be met, or its startTimeout is over."""
    app, other = container("app", ("other", condition)), container("other", startTimeout=20)
    found = fargate.awaited(app, [app, other], {"other": seen} if seen else {}, waited)
    assert (found[0], found[1].endswith(fault), bool(found[1])) == (waits, True, bool(fault))


def test_docker_is_given_what_the_definition_says() -> None:
    """Each field has its argument; scratch volumes are the task's own."""
    definition = container(
        "app",
        user="999:999",
        entryPoint=["sh", "-c"],
        workingDirectory="/srv",
        readonlyRootFilesystem=True,
        linuxParameters={"initProcessEnabled": True},
        mountPoints=[
            {"sourceVolume": "scratch", "containerPath": "/scratch", "readOnly": True},
            {"sourceVolume": "data", "containerPath": "/data"},
        ],
        healthCheck={"command": ["CMD-SHELL", "true"], "interval": 7, "startPeriod": 9, "retries": 2},
    )
    assert fargate.docker_arguments(definition, {"scratch": "v1"}, "abc") == {
        "user": "999:999",
        "entrypoint": ["sh", "-c"],
        "working_dir": "/srv",
        "read_only": True,
        "init": True,
        "network_mode": "container:abc",
        "volumes": ["v1:/scratch:ro"],
        "healthcheck": {
            "test": ["CMD-SHELL", "true"],
            "interval": 7 * 10**9,
            "timeout": 5 * 10**9,
            "retries": 2,
            "start_period": 9 * 10**9,
        },
    }


def test_what_is_not_said_stays_the_images() -> None:
    """Except its HEALTHCHECK, which ECS ignores."""
    found = fargate.docker_arguments({"name": "app", "entryPoint": []}, {}, None)
    assert found == {"volumes": [], "healthcheck": {"test": ["NONE"]}}


def test_only_volumes_without_a_home_begin_empty() -> None:
    """A folder of the host and a file system are somebody's data."""
    volumes = [
        {"name": "data", "host": {"sourcePath": "/srv/data"}},
        {"name": "files", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}},
        {"name": "scratch", "host": {}},
        {"name": "tmp"},
    ]
    assert fargate.scratch_volumes({"volumes": volumes}) == ["scratch", "tmp"]


@pytest.mark.parametrize(
    ("engine", "passed", "expected"),
    [
        (None, False, "UNKNOWN"),
        ("none", True, "UNKNOWN"),
        ("starting", False, "UNKNOWN"),
        ("starting", True, "HEALTHY"),
        ("healthy", False, "HEALTHY"),
        ("unhealthy", True, "UNHEALTHY"),
    ],
)
def test_health_is_told_in_ecs_words(engine: str | None, passed: bool, expected: str) -> None:
    """An early check that passed holds until Docker's own has looked."""
    assert fargate.container_health(engine, passed) == expected


APP, CACHE = container("app", healthCheck=CHECK), container("cache", healthCheck=CHECK, essential=False)
PLAIN = container("plain")


@pytest.mark.parametrize(
    ("definitions", "seen", "health", "awaits"),
    [
        ([APP, CACHE], {"app": WELL, "cache": ILL}, "HEALTHY", False),
        ([APP, CACHE], {"cache": WELL}, "UNKNOWN", True),
        ([APP, {**APP, "name": "web"}], {"app": WELL, "web": RUNS}, "UNKNOWN", True),
        ([APP, {**APP, "name": "web"}], {"app": ILL, "web": RUNS}, "UNHEALTHY", True),
        ([PLAIN, CACHE], {"plain": RUNS, "cache": WELL}, "UNKNOWN", False),
    ],
)
def test_a_tasks_health_follows_its_essential_containers(
    definitions: list[dict[str, Any]], seen: dict[str, Seen], health: str, awaits: bool
) -> None:
    """Those with a health check; a rollout counts the task when they are healthy."""
    assert fargate.task_health(definitions, seen) == health
    assert fargate.awaits_health(definitions, health) is awaits


@pytest.mark.parametrize(
    ("seen", "of_service", "expected"),
    [
        ({"app": RUNS, "cache": FAILED}, True, None),
        ({"app": RUNS, "cache": ILL}, True, None),
        ({"app": DONE, "cache": RUNS}, False, ESSENTIAL_EXITED),
        ({"app": ILL, "cache": RUNS}, True, UNHEALTHY),
        ({"app": ILL, "cache": RUNS}, False, None),
        ({"app": WELL}, True, None),
    ],
)
def test_a_task_stops_with_its_essential_container(
    seen: dict[str, Seen], of_service: bool, expected: tuple[str, str] | None
) -> None:
    """Or as the service's when it is unhealthy; a sidecar's end is not the task's."""
    assert fargate.ending([APP, CACHE], seen, of_service=of_service) == expected


@pytest.mark.parametrize(
    ("live", "stopping", "percent", "expected"),
    [(1, 0, 100, True), (1, 1, 100, False), (1, 1, 200, True), (2, 0, 100, True), (2, 1, 200, False)],
)
def test_a_service_that_may_have_one_task_waits_for_the_others_end(
    live: int, stopping: int, percent: int, expected: bool
) -> None:
    """Of one wanted task; nothing is waited for where nothing stops."""
    assert fargate.has_room(live, stopping, 1, percent) is expected


@pytest.mark.parametrize(
    ("command", "expected"),
    [(["CMD", "ping", "-q"], ["ping", "-q"]), (["CMD-SHELL", "a || b"], ["/bin/sh", "-c", "a || b"])],
)
def test_an_early_check_runs_the_same_command(command: list[str], expected: list[str]) -> None:
    """In the form that Docker's exec takes."""
    assert fargate.check_command({"command": command}) == expected
