"""Reads target groups and their targets' health."""

from typing import TYPE_CHECKING

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import calling
from pipeline.diagnosis.facts import Balancing, Subject, TargetGroup
from pipeline.ecs.service import EcsService

if TYPE_CHECKING:
    from mypy_boto3_elbv2.type_defs import TargetGroupTypeDef


def read_balancing(access: AwsAccess, subject: Subject) -> Balancing:
    """Return how the target groups ask for health, and what they got."""
    outputs = subject.outputs
    with calling("Describing the target groups"):
        answer = access.client("elbv2").describe_target_groups(
            TargetGroupArns=list(outputs.target_group_arns)
        )
    service = EcsService(access, outputs.cluster, outputs.service)
    health = service.targets(outputs.target_group_arns)
    return Balancing(
        tuple(_group(raw) for raw in answer["TargetGroups"]),
        tuple(target for targets in health.values() for target in targets),
    )


def _group(raw: "TargetGroupTypeDef") -> TargetGroup:
    return TargetGroup(
        name=raw["TargetGroupName"],
        port=raw.get("Port", 0),
        path=raw.get("HealthCheckPath", ""),
        health_port=str(raw.get("HealthCheckPort", "traffic-port")),
        matcher=(raw.get("Matcher") or {}).get("HttpCode", ""),
        timeout=raw.get("HealthCheckTimeoutSeconds", 0),
        interval=raw.get("HealthCheckIntervalSeconds", 0),
    )
