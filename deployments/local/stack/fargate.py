"""Decisions about how an emulated task runs, after what AWS documents of tasks on Fargate. Pure.

Sources: Amazon ECS developer guide, "Task definition parameters" and "Task lifecycle"; API reference,
ContainerDependency, HealthCheck and Container.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Definition = Mapping[str, Any]
"""One container definition, as RegisterTaskDefinition takes it."""
ESSENTIAL_EXITED = ("Essential container in task exited", "EssentialContainerExited")
UNHEALTHY = ("Task failed container health checks", "ServiceSchedulerInitiated")
START_TIMEOUT = 180
"""Seconds that a container waits for what it depends on, unless startTimeout says otherwise."""
STOP_TIMEOUT = 30
_CONDITIONS = ("START", "COMPLETE", "SUCCESS", "HEALTHY")
_NANOSECONDS = 1_000_000_000


@dataclass(frozen=True)
class Seen:
    """State of one started container."""

    running: bool
    exit_code: int | None = None
    health: str = "UNKNOWN"


def fault_of(definitions: Sequence[Definition]) -> str:
    """Return why ECS refuses these container definitions; "" where their dependencies are in order."""
    named = {definition["name"]: definition for definition in definitions}
    for definition in definitions:
        for dependency in definition.get("dependsOn") or []:
            if fault := _fault(dependency["condition"], dependency["containerName"], named):
                return f"Container {definition['name']}: {fault}"
    return "" if len(ordered(definitions)) == len(definitions) else "The containers' dependsOn has a cycle."


def _fault(condition: str, name: str, named: Mapping[str, Definition]) -> str:
    if condition not in _CONDITIONS:
        return f"{condition!r} is no condition of dependsOn; there are {', '.join(_CONDITIONS)}."
    if name not in named:
        return f"it depends on {name!r}, which the task definition does not have."
    if condition in ("COMPLETE", "SUCCESS") and named[name].get("essential", True):
        return "A dependency container with SUCCESS or COMPLETE condition cannot be an essential container."
    if condition == "HEALTHY" and not named[name].get("healthCheck"):
        return f"it depends on {name!r} to be HEALTHY, which has no health check."
    return ""


def levels(definitions: Sequence[Definition]) -> list[list[Definition]]:
    """Return the containers in the order of their starts: each level depends on earlier ones alone.

    They are stopped in the reverse order. What is part of a cycle is left out.
    """
    found: list[list[Definition]] = []
    done: set[str] = set()
    waiting = list(definitions)
    while ready := [item for item in waiting if _depends_on(item) <= done]:
        found.append(ready)
        done |= {item["name"] for item in ready}
        waiting = [item for item in waiting if item["name"] not in done]
    return found


def ordered(definitions: Sequence[Definition]) -> list[Definition]:
    """Return the containers one after the other, in the order of their starts."""
    return [definition for level in levels(definitions) for definition in level]


def _depends_on(definition: Definition) -> set[str]:
    return {dependency["containerName"] for dependency in definition.get("dependsOn") or []}


_MET: dict[str, Callable[[Seen], bool]] = {
    "START": lambda _: True,
    "COMPLETE": lambda seen: not seen.running,
    "SUCCESS": lambda seen: seen.exit_code == 0,
    "HEALTHY": lambda seen: seen.running and seen.health == "HEALTHY",
}


def awaited(
    definition: Definition, others: Sequence[Definition], seen: Mapping[str, Seen], waited: float
) -> tuple[bool, str]:
    """Return whether the container has to wait, and why it will never start ("" where it may).

    ``seen`` has the containers started so far, ``waited`` is in seconds.
    """
    timeouts = {item["name"]: item.get("startTimeout") or START_TIMEOUT for item in others}
    waits = False
    for dependency in definition.get("dependsOn") or []:
        name, condition = dependency["containerName"], dependency["condition"]
        if name in seen and _MET[condition](seen[name]):
            continue
        waits = True
        target = f"container ordering dependency [{name}] for target [{definition['name']}]"
        if condition == "SUCCESS" and name in seen and not seen[name].running:
            return True, f"failed to resolve {target} as dependency did not exit successfully."
        if condition == "HEALTHY" and name in seen and not seen[name].running:
            return True, f"failed to resolve {target} as dependency exited before it was healthy."
        if waited >= timeouts[name]:
            return True, f"{target} has timed out."
    return waits, ""


def docker_arguments(
    definition: Definition, volumes: Mapping[str, str], network_of: str | None
) -> dict[str, Any]:
    """Return what Docker's ``run`` gets beside image, command, environment and labels.

    ``volumes`` names the engine's volume for each of the task's scratch volumes, ``network_of`` the container
    whose network this one shares. An entry point clears the image's command: Docker's own rule.
    """
    chosen: dict[str, Any] = {
        "entrypoint": definition.get("entryPoint") or None,
        "user": definition.get("user"),
        "working_dir": definition.get("workingDirectory"),
        "read_only": definition.get("readonlyRootFilesystem"),
        "init": (definition.get("linuxParameters") or {}).get("initProcessEnabled"),
        "network_mode": f"container:{network_of}" if network_of else None,
    }
    mounts = [
        f"{volumes[point['sourceVolume']]}:{point['containerPath']}:{'ro' if point.get('readOnly') else 'rw'}"
        for point in definition.get("mountPoints") or []
        if point.get("sourceVolume") in volumes
    ]
    given = {name: value for name, value in chosen.items() if value}
    return {**given, "volumes": mounts, "healthcheck": _health_check(definition.get("healthCheck"))}


def _health_check(check: Mapping[str, Any] | None) -> dict[str, Any]:
    """ECS ignores the image's own HEALTHCHECK; its defaults are Docker's but for the five seconds."""
    if not check:
        return {"test": ["NONE"]}
    return {
        "test": list(check["command"]),
        "interval": (check.get("interval") or 30) * _NANOSECONDS,
        "timeout": (check.get("timeout") or 5) * _NANOSECONDS,
        "retries": check.get("retries") or 3,
        "start_period": (check.get("startPeriod") or 0) * _NANOSECONDS,
    }


def scratch_volumes(task_definition: Mapping[str, Any]) -> list[str]:
    """Return the names of the volumes that begin empty and live as long as their task."""
    return [
        volume["name"]
        for volume in task_definition.get("volumes") or []
        if not (volume.get("host") or {}).get("sourcePath") and not volume.get("efsVolumeConfiguration")
    ]


def check_command(check: Mapping[str, Any]) -> list[str]:
    """Return a health check's command as it is run in the container."""
    kind, *rest = check["command"]
    return ["/bin/sh", "-c", *rest] if kind == "CMD-SHELL" else rest


def container_health(engine: str | None, passed: bool) -> str:
    """Return ECS's word for the engine's; ``passed`` tells that a check ended well since the start."""
    if engine == "unhealthy":
        return "UNHEALTHY"
    return "HEALTHY" if engine == "healthy" or (engine == "starting" and passed) else "UNKNOWN"


def task_health(definitions: Iterable[Definition], seen: Mapping[str, Seen]) -> str:
    """Return the task's health, which follows its essential containers with a health check."""
    found = {
        seen[item["name"]].health if item["name"] in seen else "UNKNOWN"
        for item in definitions
        if item.get("essential", True) and item.get("healthCheck")
    }
    return next((word for word in ("UNHEALTHY", "UNKNOWN", "HEALTHY") if word in found), "UNKNOWN")


def awaits_health(definitions: Iterable[Definition], health: str) -> bool:
    """Whether a service's task does not count yet, as a health check of an essential container is due."""
    checked = any(item.get("essential", True) and item.get("healthCheck") for item in definitions)
    return checked and health != "HEALTHY"


def ending(
    definitions: Iterable[Definition], seen: Mapping[str, Seen], *, of_service: bool
) -> tuple[str, str] | None:
    """Return the reason and code with which a task has to stop; None while it may run.

    ECS replaces a service's unhealthy task; a one-off task's health has no consequence.
    """
    known = list(definitions)
    essential = {item["name"] for item in known if item.get("essential", True)}
    ended = {name for name, container in seen.items() if not container.running}
    if ended & essential or len(ended) == len(known):
        return ESSENTIAL_EXITED
    if of_service and task_health(known, seen) == "UNHEALTHY":
        return UNHEALTHY
    return None


def has_room(live: int, stopping: int, desired: int, maximum_percent: int) -> bool:
    """Whether one of a service's new tasks may start: a task takes its place until its containers ended."""
    return not stopping or live + stopping <= max(1, desired * maximum_percent // 100)
