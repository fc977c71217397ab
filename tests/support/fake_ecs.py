"""An ECS of one cluster with one service, by the rules of the API reference, where emulators are lenient."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from support.answering import Refusal
from support.fake_task_definitions import FakeTaskDefinitions

CLUSTER, SERVICE = "pay-cluster", "pay-service"
_TASKS_AT_ONCE = 100
_REASON = "Essential container in task exited"

Ran = tuple[int, str] | None
"""Exit code of a command, and the reason of its container ("" for none); None where it goes on serving."""


@dataclass
class FakeEcs(FakeTaskDefinitions):
    """Starts a deployment's tasks at the first look after it began, and ends it then, well or not.

    Releases behave as the sets of their image digests say.
    """

    run: Callable[[dict[str, Any], list[str], dict[str, str]], Ran] = lambda *_: (0, "")
    """Runs the command of a one-off task with its variables."""
    wrote: Callable[[dict[str, Any]], None] = lambda _: None
    """Writes what the containers of a task that has just started log."""
    crashing: set[str] = field(default_factory=set)
    """Whose tasks exit by themselves, one-off ones included."""
    crashing_in_service: set[str] = field(default_factory=set)
    """Whose tasks exit as soon as they belong to the service."""
    unhealthy: set[str] = field(default_factory=set)
    """Whose container health check fails."""
    rolls_back: bool = True
    """Whether the circuit breaker does."""
    frozen: bool = False
    """Whether a deployment under way stays so."""
    before_look: Callable[[], None] | None = None
    """What somebody else does, once, before the next look at the service."""
    updates: list[dict[str, Any]] = field(default_factory=list)
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    service: dict[str, Any] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def serve(self, task_definition: str, desired: int = 1) -> None:
        """Make the service, at rest on a revision."""
        self.service = {
            "serviceName": SERVICE,
            "status": "ACTIVE",
            "desiredCount": desired,
            "deployments": [],
            "events": [],
        }
        self._deploy(task_definition)
        self._advance()

    def describe_services(self, *, cluster: str, services: Sequence[str]) -> dict[str, Any]:
        """Return the service as it is after what happened since the last look."""
        self._require(cluster)
        if list(services) != [SERVICE] or not self.service:
            return {"services": [], "failures": [{"arn": services[0], "reason": "MISSING"}]}
        if self.before_look:
            meanwhile, self.before_look = self.before_look, None
            meanwhile()
        self._advance()
        return {"services": [self._described()], "failures": []}

    def update_service(self, *, cluster: str, service: str, **changes: Any) -> dict[str, Any]:
        """Begin a deployment where the definition is another one or it is forced; else only scale."""
        self._require(cluster)
        self.updates.append(changes)
        if not self.service:
            raise Refusal("ServiceNotFoundException", "Service not found.")
        self.service["desiredCount"] = changes.get("desiredCount", self.service["desiredCount"])
        requested = self.arn_of(changes.get("taskDefinition", self.service["taskDefinition"]))
        if self.definitions[requested]["status"] != "ACTIVE":
            raise Refusal("ClientException", "TaskDefinition is inactive")
        if requested != self.service["taskDefinition"] or changes.get("forceNewDeployment"):
            self._deploy(requested)
        else:
            self._scale()
        return {"service": self._described()}

    def list_tasks(self, *, cluster: str, **asked: Any) -> dict[str, Any]:
        """Return a page; ``startedBy`` must stand alone, and lists running tasks only."""
        self._require(cluster)
        if "startedBy" in asked and len(asked) > 1:
            raise Refusal("InvalidParameterException", "startedBy cannot be combined with other filters.")
        group = f"service:{asked['serviceName']}" if "serviceName" in asked else None
        found = [
            arn
            for arn, task in self.tasks.items()
            if task["desiredStatus"] == asked.get("desiredStatus", "RUNNING")
            and group in (None, task["group"])
            and asked.get("startedBy") in (None, task["startedBy"])
        ]
        start = int(asked.get("nextToken", 0))
        page = {"taskArns": found[start : start + _TASKS_AT_ONCE]}
        more = start + _TASKS_AT_ONCE < len(found)
        return {**page, "nextToken": str(start + _TASKS_AT_ONCE)} if more else page

    def describe_tasks(self, *, cluster: str, tasks: Sequence[str]) -> dict[str, Any]:
        """Return up to a hundred tasks."""
        self._require(cluster)
        if not 1 <= len(tasks) <= _TASKS_AT_ONCE:
            raise Refusal("InvalidParameterException", "Tasks can not have more than 100 members.")
        missing = [{"arn": arn, "reason": "MISSING"} for arn in tasks if arn not in self.tasks]
        return {"tasks": [self.tasks[arn] for arn in tasks if arn in self.tasks], "failures": missing}

    def run_task(self, *, cluster: str, overrides: dict[str, Any], **asked: Any) -> dict[str, Any]:
        """Start one task; one with a command of its own has ended at the next look."""
        self._require(cluster)
        if len(json.dumps(overrides, separators=(",", ":"))) > 8192:
            raise Refusal("InvalidParameterException", "Container Overrides length must be at most 8192")
        started_by = asked["startedBy"]
        if len(started_by) > 128:
            raise Refusal("InvalidParameterException", "startedBy is too long")
        arn = self.arn_of(asked["taskDefinition"])
        (override,) = overrides["containerOverrides"]
        if override["name"] not in [item["name"] for item in self.containers(arn)]:
            raise Refusal("InvalidParameterException", f"{override['name']} is no container")
        task = self._start(arn, started_by, f"family:{started_by}")
        answer = {"tasks": [dict(task)], "failures": []}
        if "command" in override:
            variables = {item["name"]: item["value"] for item in override.get("environment", [])}
            ran = self.run(task, override["command"], variables)
        else:
            ran = None
        if ran is not None:
            self._stop(task, "EssentialContainerExited", *ran)
        elif self.digest(arn) in self.crashing:
            self._stop(task, "EssentialContainerExited", 1, "")
        return answer

    def stop_task(self, *, cluster: str, task: str, reason: str = "") -> dict[str, Any]:
        """Stop a task; one that has stopped stays as it is."""
        self._require(cluster)
        if task not in self.tasks:
            raise Refusal("InvalidParameterException", "The referenced task was not found.")
        if self.tasks[task]["desiredStatus"] == "RUNNING":
            self._stop(self.tasks[task], "UserInitiated", 143, reason)
        return {"task": self.tasks[task]}

    def running(self) -> list[dict[str, Any]]:
        """Return the service's running tasks."""
        return [
            task
            for task in self.tasks.values()
            if task["group"] == f"service:{SERVICE}" and task["lastStatus"] == "RUNNING"
        ]

    def digest(self, arn: str) -> str:
        """Return the digest to which a definition's image is pinned."""
        return str(self.containers(arn)[0]["image"].partition("@")[2])

    @property
    def primary(self) -> dict[str, Any]:
        """The PRIMARY deployment."""
        return next(item for item in self.service["deployments"] if item["status"] == "PRIMARY")

    def _deploy(self, arn: str, reason: str = "ECS deployment in progress.") -> None:
        for item in self.service["deployments"]:
            item["status"] = "ACTIVE"
        now = datetime.now(UTC)
        deployment = {
            "id": f"ecs-svc/{next(self.numbers)}",
            "status": "PRIMARY",
            "taskDefinition": arn,
            "rolloutState": "IN_PROGRESS",
            "rolloutStateReason": reason,
            "desiredCount": self.service["desiredCount"],
            "runningCount": 0,
            "pendingCount": 0,
            "failedTasks": 0,
            "createdAt": now,
            "updatedAt": now,
        }
        self.service["deployments"].insert(0, deployment)
        self.service["taskDefinition"] = arn

    def _advance(self) -> None:
        """Carry the deployment under way to its end."""
        primary = self.primary
        if self.frozen or primary["rolloutState"] != "IN_PROGRESS":
            return
        if self.digest(primary["taskDefinition"]) in self.crashing | self.crashing_in_service:
            self._fail(primary)
        else:
            for task in self.running():
                self._stop(task, "ServiceSchedulerInitiated", 143, "")
            self.service["deployments"] = [primary]
            primary["rolloutState"] = "COMPLETED"
            self._scale()

    def _fail(self, primary: dict[str, Any]) -> None:
        """Let the circuit breaker open after three tasks, and roll back where it may and can."""
        for _ in range(3):
            task = self._start(primary["taskDefinition"], primary["id"], f"service:{SERVICE}")
            self._stop(task, "EssentialContainerExited", 1, "")
        reason = "ECS deployment circuit breaker: tasks failed to start."
        primary.update(rolloutState="FAILED", rolloutStateReason=reason, failedTasks=3)
        self.service["events"].insert(0, {"id": "1", "createdAt": datetime.now(UTC), "message": reason})
        before = [item for item in self.service["deployments"] if item["rolloutState"] == "COMPLETED"]
        if self.rolls_back and before:
            failed = primary
            self._deploy(before[0]["taskDefinition"], "ECS deployment circuit breaker: rolling back.")
            self._advance()
            self.service["deployments"].append(failed)

    def _scale(self) -> None:
        """Bring PRIMARY to its count of tasks."""
        primary, requested = self.primary, self.service["desiredCount"]
        running = self.running()
        for task in running[requested:]:
            self._stop(task, "ServiceSchedulerInitiated", 143, "Scaling activity initiated")
        for _ in range(requested - len(running)):
            self._start(primary["taskDefinition"], primary["id"], f"service:{SERVICE}")
        primary.update(desiredCount=requested, runningCount=requested)

    def _start(self, arn: str, started_by: str, group: str) -> dict[str, Any]:
        number = next(self.numbers)
        health = "UNHEALTHY" if self.digest(arn) in self.unhealthy else "HEALTHY"
        containers = [
            {
                "name": item["name"],
                "image": item["image"],
                "imageDigest": item["image"].partition("@")[2],
                "lastStatus": "RUNNING",
                "healthStatus": health,
            }
            for item in self.containers(arn)
        ]
        address = {"name": "privateIPv4Address", "value": f"10.0.{number // 250}.{number % 250 + 1}"}
        task = {
            "taskArn": f"{self.prefix}:task/{CLUSTER}/{number:032x}",
            "taskDefinitionArn": arn,
            "startedBy": started_by,
            "group": group,
            "lastStatus": "RUNNING",
            "desiredStatus": "RUNNING",
            "healthStatus": health,
            "createdAt": datetime.now(UTC),
            "attachments": [{"type": "ElasticNetworkInterface", "details": [address]}],
            "containers": containers,
        }
        self.tasks[task["taskArn"]] = task
        self.wrote(task)
        return task

    def _stop(self, task: dict[str, Any], code: str, exit_code: int, reason: str) -> None:
        told = reason if code != "EssentialContainerExited" else _REASON
        task.update(lastStatus="STOPPED", desiredStatus="STOPPED", stopCode=code, stoppedReason=told)
        for container in task["containers"]:
            container.update(lastStatus="STOPPED", exitCode=exit_code)

    def _described(self) -> dict[str, Any]:
        breaker = {"enable": True, "rollback": self.rolls_back}
        return {
            **self.service,
            "deployments": [dict(item) for item in self.service["deployments"]],
            "deploymentConfiguration": {"deploymentCircuitBreaker": breaker},
        }

    def _require(self, cluster: str) -> None:
        if cluster != CLUSTER:
            raise Refusal("ClusterNotFoundException", "Cluster not found.")
