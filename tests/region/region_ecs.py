"""The ECS of the region, as its API tells it.

Sources: Amazon ECS API reference (DescribeServices, UpdateService, ListTasks, DescribeTasks, RunTask,
StopTask, ListServiceDeployments, DescribeServiceDeployments, StopServiceDeployment); "Amazon ECS API is
eventually consistent" in RunTask. Stopped tasks are told for an hour.
"""
# ruff: noqa: N803 - boto3's spelling

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from region_clock import Clock
from region_service import Deployment, Service
from region_tasks import Task, Tasks
from support.answering import Refusal
from support.fake_task_definitions import FakeTaskDefinitions

CLUSTER, SERVICE = "pay-cluster", "pay-service"
_HOUR = 3600.0
_PAGE = 100
_CAPACITY = "Capacity is unavailable at this time. Please try again later or in a different availability zone"


@dataclass
class RegionEcs(FakeTaskDefinitions):
    """Cluster with one service."""

    clock: Clock = None  # type: ignore[assignment]
    tasks: Tasks = None  # type: ignore[assignment]
    service: Service = None  # type: ignore[assignment]
    application: Any = None
    capacity: int | None = None
    """Tasks for which there is room; None for any number."""
    page: int = _PAGE
    _stale: tuple[float, dict[str, Any]] = (0.0, {})
    _started: dict[str, Task] = field(default_factory=dict)
    _numbers: Any = field(default_factory=lambda: count(1))

    def start(self, definition: str, started_by: str, group: str, **more: Any) -> Task | None:
        """Start a task where there is room."""
        if self.capacity is not None and len(self.tasks.alive()) >= self.capacity:
            return None
        (container,) = self.containers(definition)
        task = Task(
            arn=f"{self.prefix}:task/{CLUSTER}/{next(self._numbers):032x}",
            definition=definition,
            image=container["image"],
            container=container["name"],
            started_by=started_by,
            group=group,
            created=self.clock.now(),
            behaviour=self.application.behaviour(container["image"]),
            visible=self.clock.seconds + self.tasks.draw(self.tasks.pace.task_lag),
            **more,
        )
        return self.tasks.start(task, registered=group.startswith("service:"))

    def describe_services(self, *, cluster: str, services: Sequence[str]) -> dict[str, Any]:
        """Return the service, for a moment after a change as it was before."""
        self._require(cluster)
        if list(services) != [SERVICE]:
            return {"services": [], "failures": [{"arn": services[0], "reason": "MISSING"}]}
        until, before = self._stale
        return {"services": [before if self.clock.seconds < until else self._described()], "failures": []}

    def update_service(self, *, cluster: str, service: str, **changes: Any) -> dict[str, Any]:
        """Begin a deployment where the definition is another one or it is forced; else only scale."""
        self._require(cluster)
        self._stale = (self.clock.seconds + self.tasks.draw(self.tasks.pace.service_lag), self._described())
        self._configure(changes.get("deploymentConfiguration"))
        wanted = self.arn_of(changes.get("taskDefinition", self.service.primary.definition))
        if self.definitions[wanted]["status"] != "ACTIVE":
            raise Refusal("ClientException", "TaskDefinition is inactive")
        self.service.scale(changes.get("desiredCount", self.service.desired))
        if wanted != self.service.primary.definition or changes.get("forceNewDeployment"):
            self.service.deploy(wanted)
        return {"service": self._described()}

    def _configure(self, changes: dict[str, Any] | None) -> None:
        settings, changes = self.service.settings, changes or {}
        if "deploymentCircuitBreaker" in changes:
            settings.breaker = changes["deploymentCircuitBreaker"]["enable"]
            settings.breaker_rolls_back = changes["deploymentCircuitBreaker"]["rollback"]
        if "alarms" in changes:
            on = changes["alarms"]["enable"]
            settings.alarms = tuple(changes["alarms"]["alarmNames"]) if on else ()
            settings.alarms_roll_back = changes["alarms"]["rollback"]

    def list_tasks(self, *, cluster: str, **asked: Any) -> dict[str, Any]:
        """Return a page; ``startedBy`` must stand alone, and lists running tasks only."""
        self._require(cluster)
        if "startedBy" in asked and len(asked) > 1:
            raise Refusal("InvalidParameterException", "startedBy cannot be combined with other filters.")
        group = f"service:{asked['serviceName']}" if "serviceName" in asked else None
        found = [
            task.arn
            for task in self.tasks.all.values()
            if self._is_told(task)
            and task.desired == asked.get("desiredStatus", "RUNNING")
            and group in (None, task.group)
            and asked.get("startedBy") in (None, task.started_by)
        ]
        start = int(asked.get("nextToken", 0))
        page = {"taskArns": found[start : start + self.page]}
        more = start + self.page < len(found)
        return {**page, "nextToken": str(start + self.page)} if more else page

    def describe_tasks(self, *, cluster: str, tasks: Sequence[str]) -> dict[str, Any]:
        """Return up to a hundred tasks."""
        self._require(cluster)
        if not 1 <= len(tasks) <= _PAGE:
            raise Refusal("InvalidParameterException", "Tasks can not have more than 100 members.")
        known = [self.tasks.all[arn] for arn in tasks if arn in self.tasks.all]
        told = [task for task in known if self._is_told(task)]
        missing = {*tasks} - {task.arn for task in told}
        failures = [{"arn": arn, "reason": "MISSING"} for arn in sorted(missing)]
        return {"tasks": [_described(task) for task in told], "failures": failures}

    def run_task(self, *, cluster: str, overrides: dict[str, Any], **asked: Any) -> dict[str, Any]:
        """Start one task; where there is no capacity, that is an error and no failure of the answer.

        The same client token starts one task, however often it is sent.
        """
        self._require(cluster)
        token = asked.get("clientToken", "")
        if token in self._started:
            return {"tasks": [_described(self._started[token])], "failures": []}
        definition = self.arn_of(asked["taskDefinition"])
        (override,) = overrides["containerOverrides"]
        task = self.start(
            definition,
            asked["startedBy"],
            f"family:{self.definitions[definition]['family']}",
            command=tuple(override.get("command", ())),
            environment={item["name"]: item["value"] for item in override.get("environment", [])},
        )
        if task is None:
            raise Refusal("ClientException", _CAPACITY)
        self._started[token or task.arn] = task
        return {"tasks": [_described(task)], "failures": []}

    def stop_task(self, *, cluster: str, task: str, reason: str = "") -> dict[str, Any]:
        """Stop a task; one that has stopped stays as it is."""
        self._require(cluster)
        if task not in self.tasks.all:
            raise Refusal("InvalidParameterException", "The referenced task was not found.")
        self.tasks.stop(self.tasks.all[task], "UserInitiated", reason)
        return {"task": _described(self.tasks.all[task])}

    def list_service_deployments(self, *, cluster: str, service: str, **asked: Any) -> dict[str, Any]:
        """Return the deployments of the service, newest first."""
        self._require(cluster)
        found = [self._service_deployment(item) for item in reversed(self.service.history)]
        wanted = asked.get("status")
        told = [item for item in found if not wanted or item["status"] in wanted]
        return {"serviceDeployments": told[: asked.get("maxResults", 20)]}

    def describe_service_deployments(self, *, serviceDeploymentArns: Sequence[str]) -> dict[str, Any]:
        """Return deployments with their breaker, alarms and way back."""
        found = {
            self._service_deployment(item)["serviceDeploymentArn"]: item for item in self.service.history
        }
        told = [self._whole(found[arn]) for arn in serviceDeploymentArns if arn in found]
        return {"serviceDeployments": told, "failures": []}

    def stop_service_deployment(
        self, *, serviceDeploymentArn: str, stopType: str = "ROLLBACK"
    ) -> dict[str, Any]:
        """Take a deployment under way back."""
        self.service.stop_deployment()
        return {"serviceDeploymentArn": serviceDeploymentArn}

    def _service_deployment(self, item: Deployment) -> dict[str, Any]:
        number = item.id.rpartition("/")[2]
        status = {"IN_PROGRESS": "IN_PROGRESS", "COMPLETED": "SUCCESSFUL"}.get(item.state, "ROLLBACK_FAILED")
        if item.state == "FAILED" and item.rolled_back_to:
            way_back = self.service.history[self.service.history.index(item) + 1]
            status = {"COMPLETED": "ROLLBACK_SUCCESSFUL", "FAILED": "ROLLBACK_FAILED"}.get(
                way_back.state, "ROLLBACK_IN_PROGRESS"
            )
        return {
            "serviceDeploymentArn": f"{self.prefix}:service-deployment/{CLUSTER}/{SERVICE}/{number}",
            "status": status,
            "createdAt": self._moment(item.created),
            "targetServiceRevisionArn": f"{self.prefix}:service-revision/{CLUSTER}/{SERVICE}/{number}",
        }

    def _whole(self, item: Deployment) -> dict[str, Any]:
        settings = self.service.settings
        return {
            **self._service_deployment(item),
            "statusReason": item.reason,
            "deploymentCircuitBreaker": {
                "status": "TRIGGERED" if item.failed >= 3 else "MONITORING",
                "failureCount": item.failed,
                "threshold": 3,
            },
            "alarms": {
                "status": "TRIGGERED" if item.triggered else "MONITORING",
                "alarmNames": list(settings.alarms),
                "triggeredAlarmNames": list(item.triggered),
            },
        }

    def _moment(self, seconds: float) -> Any:
        return self.clock.now().fromtimestamp(
            self.clock.now().timestamp() - self.clock.seconds + seconds, self.clock.now().tzinfo
        )

    def _is_told(self, task: Task) -> bool:
        now = self.clock.seconds
        return task.visible <= now and (task.stopped is None or now - task.stopped < _HOUR)

    def _described(self) -> dict[str, Any]:
        service, settings = self.service, self.service.settings
        deployments = [self._deployment(item) for item in service.deployments]
        return {
            "serviceName": SERVICE,
            "serviceArn": f"{self.prefix}:service/{CLUSTER}/{SERVICE}",
            "clusterArn": f"{self.prefix}:cluster/{CLUSTER}",
            "status": "ACTIVE",
            "desiredCount": service.desired,
            "runningCount": sum(item["runningCount"] for item in deployments),
            "taskDefinition": service.primary.definition,
            "deployments": deployments,
            "events": service.events[:20],
            "deploymentConfiguration": {
                "deploymentCircuitBreaker": {
                    "enable": settings.breaker,
                    "rollback": settings.breaker_rolls_back,
                },
                "alarms": {
                    "alarmNames": list(settings.alarms),
                    "enable": bool(settings.alarms),
                    "rollback": settings.alarms_roll_back,
                },
                "maximumPercent": 200,
                "minimumHealthyPercent": 100,
                "strategy": settings.strategy,
            },
            "networkConfiguration": {
                "awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]}
            },
        }

    def _deployment(self, item: Deployment) -> dict[str, Any]:
        service = self.service
        primary = item is service.primary
        ours = [task for task in service.of(item) if task.desired == "RUNNING"]
        running = sum(task.container_status == "RUNNING" for task in ours)
        return {
            "id": item.id,
            "status": "PRIMARY" if primary else "ACTIVE",
            "taskDefinition": item.definition,
            "desiredCount": service.desired if primary and item.state != "FAILED" else 0,
            "runningCount": running,
            "pendingCount": len(ours) - running,
            "failedTasks": item.failed,
            "rolloutState": item.state,
            "rolloutStateReason": item.reason,
            "createdAt": self._moment(item.created),
            "updatedAt": self._moment(item.updated),
        }

    def _require(self, cluster: str) -> None:
        if cluster != CLUSTER:
            raise Refusal("ClusterNotFoundException", "Cluster not found.")


def _described(task: Task) -> dict[str, Any]:
    container = {
        "name": task.container,
        "image": task.image,
        "lastStatus": task.container_status,
        "healthStatus": task.health,
    }
    if task.container_status == "RUNNING" or task.exit_code is not None:
        container["imageDigest"] = task.image.partition("@")[2]
    if task.exit_code is not None:
        container["exitCode"] = task.exit_code  # type: ignore[assignment]
    if task.container_reason:
        container["reason"] = task.container_reason
    address = [{"name": "privateIPv4Address", "value": task.address}] if task.address else []
    told = {
        "taskArn": task.arn,
        "taskDefinitionArn": task.definition,
        "startedBy": task.started_by,
        "group": task.group,
        "lastStatus": task.status,
        "desiredStatus": task.desired,
        "healthStatus": task.health,
        "createdAt": task.created,
        "attachments": [{"type": "ElasticNetworkInterface", "details": address}],
        "containers": [container],
    }
    if task.stop_code:
        told |= {"stopCode": task.stop_code, "stoppedReason": task.reason}
    return told
