"""Reads auto scaling and the metrics it goes by."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import calling
from pipeline.diagnosis.facts import Subject
from pipeline.diagnosis.scaling import Activity, Policy, Scaling, Usage

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling.type_defs import ScalingActivityTypeDef, ScalingPolicyTypeDef

_METRICS = ("CPUUtilization", "MemoryUtilization")
_PERIOD = 60
_POINTS = 1440
"""Most points that GetMetricStatistics answers (CloudWatch API reference)."""
_ACTIVITIES = 10


def read_scaling(access: AwsAccess, subject: Subject) -> Scaling:
    """Return bounds, policies and recent activities of the service."""
    outputs, scaling = subject.outputs, access.client("application-autoscaling")
    what: dict[str, Any] = {"ServiceNamespace": "ecs"}
    resource = f"service/{outputs.cluster}/{outputs.service}"
    with calling("Describing auto scaling"):
        targets = scaling.describe_scalable_targets(**what, ResourceIds=[resource])["ScalableTargets"]
        policies = scaling.describe_scaling_policies(**what, ResourceId=resource)["ScalingPolicies"]
        activities = scaling.describe_scaling_activities(**what, ResourceId=resource, MaxResults=_ACTIVITIES)[
            "ScalingActivities"
        ]
    bounds = next(((raw["MinCapacity"], raw["MaxCapacity"]) for raw in targets), None)
    return Scaling(
        bounds,
        tuple(name for raw in targets for name, off in raw.get("SuspendedState", {}).items() if off),
        tuple(_policy(raw) for raw in policies),
        tuple(_activity(raw) for raw in activities if raw["StartTime"] >= subject.since),
    )


def read_usage(access: AwsAccess, subject: Subject) -> dict[str, Usage]:
    """Return what CloudWatch measured of the service since ``subject.since``."""
    found = {metric: _used(access, subject, metric) for metric in _METRICS}
    return {metric: usage for metric, usage in found.items() if usage is not None}


def _used(access: AwsAccess, subject: Subject, metric: str) -> Usage | None:
    outputs = subject.outputs
    seconds = (subject.now - subject.since) / timedelta(seconds=1)
    with calling(f"Reading {metric} of {outputs.service}"):
        points = access.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/ECS",
            MetricName=metric,
            Dimensions=[
                {"Name": "ClusterName", "Value": outputs.cluster},
                {"Name": "ServiceName", "Value": outputs.service},
            ],
            StartTime=subject.since,
            EndTime=subject.now,
            Period=max(_PERIOD, _PERIOD * (int(seconds // _PERIOD // _POINTS) + 1)),
            Statistics=["Average", "Maximum"],
        )["Datapoints"]
    if not points:
        return None
    ordered = sorted(points, key=lambda raw: raw["Timestamp"])
    average = sum(raw["Average"] for raw in ordered) / len(ordered)
    return Usage(average, max(raw["Maximum"] for raw in ordered), ordered[-1]["Average"])


def _policy(raw: "ScalingPolicyTypeDef") -> Policy:
    tracking = raw.get("TargetTrackingScalingPolicyConfiguration", {})
    specification = tracking.get("PredefinedMetricSpecification", {})
    return Policy(
        raw["PolicyName"],
        str(specification.get("PredefinedMetricType") or raw.get("PolicyType", "")),
        tracking.get("TargetValue"),
    )


def _activity(raw: "ScalingActivityTypeDef") -> Activity:
    return Activity(
        raw["StartTime"], raw.get("Description", ""), raw.get("StatusCode", ""), raw.get("StatusMessage", "")
    )
