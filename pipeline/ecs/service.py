"""Reads and updates one ECS service. Every method makes one question's worth of API calls."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Unpack

from botocore.exceptions import BotoCoreError, ClientError

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import calling
from pipeline.ecs import translate
from pipeline.ecs.model import Deployment, EcsError, Service, Target, Task, TaskStatus

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_ecs.type_defs import (
        DeploymentConfigurationTypeDef,
        ListTasksRequestPaginateTypeDef,
        TaskTypeDef,
        UpdateServiceRequestTypeDef,
    )

_DESCRIBE_TASKS_LIMIT = 100
"""Tasks that one DescribeTasks call may name (AWS ECS API reference)."""


class EcsService:
    """One ECS service, by names or ARNs of cluster and service. Not to be shared between threads or pickled.

    Raises ``AwsError`` where AWS refuses or cannot be reached.
    """

    def __init__(self, access: AwsAccess, cluster: str, service: str) -> None:
        self.cluster, self.name = cluster, service
        self._ecs = access.client("ecs")
        self._elbv2 = access.client("elbv2")

    def describe(self) -> Service | None:
        """Return the service, or None where it does not exist."""
        with calling(f"Describing ECS service {self.name}"):
            try:
                answer = self._ecs.describe_services(cluster=self.cluster, services=[self.name])
            except self._ecs.exceptions.ClusterNotFoundException:
                return None
        found = answer["services"]
        return translate.service(found[0]) if found else None

    def require(self) -> Service:
        """Return the service; raise EcsError unless it is ACTIVE."""
        service = self.describe()
        if service is None or service.status != "ACTIVE":
            state = "does not exist" if service is None else f"is {service.status}"
            raise EcsError(
                f"ECS service {self.name} in cluster {self.cluster} {state}. "
                "Run deploy-infrastructure for this environment first."
            )
        return service

    def update(
        self,
        task_definition: str,
        desired: int | None = None,
        *,
        force: bool = False,
        configuration: "DeploymentConfigurationTypeDef | None" = None,
    ) -> Deployment:
        """Move the service to a task definition; return the PRIMARY deployment of the *response*."""
        request: UpdateServiceRequestTypeDef = {
            "cluster": self.cluster,
            "service": self.name,
            "taskDefinition": task_definition,
            "forceNewDeployment": force,
        }
        if desired is not None:
            request["desiredCount"] = desired
        if configuration:
            request["deploymentConfiguration"] = configuration
        with calling(f"Updating ECS service {self.name} to {task_definition}"):
            answer = self._ecs.update_service(**request)
        primary = translate.service(answer["service"]).primary
        if primary is None:
            raise EcsError(f"ECS answered the update of {self.name} without a PRIMARY deployment.")
        return primary

    def configure(self, configuration: "DeploymentConfigurationTypeDef") -> None:
        """Change how ECS deploys, and nothing else: no deployment begins."""
        with calling(f"Changing how ECS service {self.name} is deployed"):
            self._ecs.update_service(
                cluster=self.cluster, service=self.name, deploymentConfiguration=configuration
            )

    def scale(self, desired: int) -> None:
        """Set the count of tasks and nothing else."""
        with calling(f"Scaling ECS service {self.name} to {desired} tasks"):
            self._ecs.update_service(cluster=self.cluster, service=self.name, desiredCount=desired)

    def triggered_alarms(self, since: datetime) -> tuple[str, ...]:
        """Return the alarms for which ECS ended deployments since then; () where it cannot tell."""
        try:
            listed = self._ecs.list_service_deployments(
                cluster=self.cluster, service=self.name, createdAt={"after": since}
            )["serviceDeployments"]
            arns = [item["serviceDeploymentArn"] for item in listed]
            found = self._ecs.describe_service_deployments(serviceDeploymentArns=arns) if arns else None
        except (ClientError, BotoCoreError):  # an emulator knows no such thing
            return ()
        deployments = found["serviceDeployments"] if found else []
        names = (
            name for item in deployments for name in item.get("alarms", {}).get("triggeredAlarmNames", ())
        )
        return tuple(dict.fromkeys(names))

    def tasks(self, status: TaskStatus = "RUNNING") -> tuple[Task, ...]:
        """Return the service's tasks of one desired status: RUNNING or STOPPED (the last hour's)."""
        with calling(f"Listing the {status} tasks of {self.name}"):
            found = list_tasks(self._ecs, cluster=self.cluster, serviceName=self.name, desiredStatus=status)
            return tuple(map(translate.task, found))

    def targets(self, groups: tuple[str, ...]) -> dict[str, tuple[Target, ...]]:
        """Return the health of every target, by target group ARN."""
        with calling("Describing target health"):
            return {group: self._targets(group) for group in groups}

    def _targets(self, group: str) -> tuple[Target, ...]:
        answer = self._elbv2.describe_target_health(TargetGroupArn=group)
        return tuple(translate.target(group, raw) for raw in answer["TargetHealthDescriptions"])


def list_tasks(
    ecs: "ECSClient", **request: "Unpack[ListTasksRequestPaginateTypeDef]"
) -> Iterator["TaskTypeDef"]:
    """Yield every task that ListTasks names, as DescribeTasks answers it."""
    pages = ecs.get_paginator("list_tasks").paginate(**request)
    return describe_tasks(ecs, request["cluster"], [arn for page in pages for arn in page["taskArns"]])


def describe_tasks(ecs: "ECSClient", cluster: str, arns: list[str]) -> Iterator["TaskTypeDef"]:
    """Yield what DescribeTasks answers, in as few calls as it takes."""
    for start in range(0, len(arns), _DESCRIBE_TASKS_LIMIT):
        chunk = arns[start : start + _DESCRIBE_TASKS_LIMIT]
        yield from ecs.describe_tasks(cluster=cluster, tasks=chunk)["tasks"]
