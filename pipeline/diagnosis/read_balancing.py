"""Reads target groups, their targets' health, and alarms."""

from typing import Any

from pipeline.aws import AwsAccess, calling
from pipeline.diagnosis.facts import Alarm, Balancing, Subject, TargetGroup
from pipeline.ecs.service import EcsService, ServiceRef

_ALARMS_LIMIT = 100


def read_balancing(access: AwsAccess, subject: Subject) -> Balancing:
    """Return how the target groups ask for health, and what they got."""
    outputs = subject.outputs
    with calling("Describing the target groups"):
        answer = access.client("elbv2").describe_target_groups(
            TargetGroupArns=list(outputs.target_group_arns)
        )
    service = EcsService(access, ServiceRef(outputs.cluster, outputs.service))
    health = service.targets(outputs.target_group_arns)
    return Balancing(
        tuple(_group(raw) for raw in answer["TargetGroups"]),
        tuple(target for targets in health.values() for target in targets),
    )


def read_alarms(access: AwsAccess, subject: Subject) -> tuple[Alarm, ...]:
    """Return the states of the environment's alarms; () where it has none."""
    names = list(subject.outputs.alarm_names)
    cloudwatch, found = access.client("cloudwatch"), []
    with calling("Describing the alarms"):
        for start in range(0, len(names), _ALARMS_LIMIT):
            answer = cloudwatch.describe_alarms(
                AlarmNames=names[start : start + _ALARMS_LIMIT],
                AlarmTypes=["MetricAlarm", "CompositeAlarm"],
                MaxRecords=_ALARMS_LIMIT,
            )
            found += [*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", [])]
    return tuple(
        Alarm(raw["AlarmName"], raw.get("StateValue", ""), raw.get("StateReason", "")) for raw in found
    )


def _group(raw: dict[str, Any]) -> TargetGroup:
    return TargetGroup(
        name=raw["TargetGroupName"],
        port=raw.get("Port", 0),
        path=raw.get("HealthCheckPath", ""),
        health_port=str(raw.get("HealthCheckPort", "traffic-port")),
        matcher=(raw.get("Matcher") or {}).get("HttpCode", ""),
        timeout=raw.get("HealthCheckTimeoutSeconds", 0),
        interval=raw.get("HealthCheckIntervalSeconds", 0),
    )
