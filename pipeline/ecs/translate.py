"""Translates between boto3's ECS and ELBv2 dictionaries and our types. Pure."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pipeline.ecs.model import Container, Deployment, Service, ServiceEvent, Target, Task

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import ContainerTypeDef, DeploymentTypeDef, ServiceTypeDef, TaskTypeDef
    from mypy_boto3_elbv2.type_defs import TargetHealthDescriptionTypeDef

_EPOCH = datetime.fromtimestamp(0, UTC)


def service(raw: "ServiceTypeDef") -> Service:
    """Translate one entry of DescribeServices' ``services``."""
    configuration = raw.get("deploymentConfiguration") or {}
    breaker, alarms = configuration.get("deploymentCircuitBreaker"), configuration.get("alarms")
    watched = tuple(alarms.get("alarmNames", ())) if alarms and alarms.get("enable") else ()
    return Service(
        name=raw["serviceName"],
        status=raw["status"],
        desired=raw.get("desiredCount", 0),
        task_definition=raw.get("taskDefinition", ""),
        deployments=tuple(deployment(item) for item in raw.get("deployments", [])),
        breaker_rolls_back=bool(breaker and breaker.get("enable") and breaker.get("rollback")),
        events=tuple(
            ServiceEvent(item.get("id", ""), _time(item.get("createdAt")), item.get("message", ""))
            for item in raw.get("events", [])
        ),
        configuration=configuration,
        alarms=watched,
        alarms_roll_back=bool(watched and alarms and alarms.get("rollback")),
        strategy=configuration.get("strategy") or "ROLLING",
        controller=(raw.get("deploymentController") or {"type": "ECS"})["type"],
    )


def deployment(raw: "DeploymentTypeDef") -> Deployment:
    """Translate one entry of a service's ``deployments``."""
    created = _time(raw.get("createdAt"))
    return Deployment(
        id=raw["id"],
        status=raw["status"],
        task_definition=raw.get("taskDefinition", ""),
        rollout_state=raw.get("rolloutState", ""),
        rollout_reason=raw.get("rolloutStateReason", ""),
        desired=raw.get("desiredCount", 0),
        running=raw.get("runningCount", 0),
        pending=raw.get("pendingCount", 0),
        failed=raw.get("failedTasks", 0),
        created_at=created,
        updated_at=_time(raw.get("updatedAt")) if raw.get("updatedAt") else created,
    )


def task(raw: "TaskTypeDef") -> Task:
    """Translate one entry of DescribeTasks' ``tasks``."""
    return Task(
        arn=raw["taskArn"],
        task_definition=raw.get("taskDefinitionArn", ""),
        started_by=raw.get("startedBy", ""),
        last_status=raw.get("lastStatus", ""),
        health=raw.get("healthStatus", "UNKNOWN"),
        created_at=_time(raw.get("createdAt")),
        stop_code=raw.get("stopCode", ""),
        stopped_reason=raw.get("stoppedReason", ""),
        address=_address(raw),
        containers=tuple(_container(item) for item in raw.get("containers", [])),
    )


def target(group: str, raw: "TargetHealthDescriptionTypeDef") -> Target:
    """Translate one entry of DescribeTargetHealth's ``TargetHealthDescriptions``."""
    health = raw.get("TargetHealth", {})
    return Target(
        group=group,
        address=raw["Target"]["Id"],
        port=raw["Target"].get("Port", 0),
        state=health.get("State", ""),
        reason=health.get("Reason", ""),
        description=health.get("Description", ""),
    )


def _container(raw: "ContainerTypeDef") -> Container:
    return Container(
        name=raw.get("name", ""),
        last_status=raw.get("lastStatus", ""),
        image=raw.get("image", ""),
        image_digest=raw.get("imageDigest") or None,
        exit_code=raw.get("exitCode"),
        reason=raw.get("reason", ""),
        health=raw.get("healthStatus", "UNKNOWN"),
    )


def _address(raw: "TaskTypeDef") -> str | None:
    details = [
        detail
        for attachment in raw.get("attachments", [])
        for detail in attachment.get("details", [])
        if detail.get("name") == "privateIPv4Address"
    ]
    interfaces = [
        interface
        for container in raw.get("containers", [])
        for interface in container.get("networkInterfaces", [])
    ]
    found = [str(item["value"]) for item in details] + [
        str(item["privateIpv4Address"]) for item in interfaces if item.get("privateIpv4Address")
    ]
    return found[0] if found else None


def _time(value: datetime | None) -> datetime:
    return value.astimezone(UTC) if value else _EPOCH
