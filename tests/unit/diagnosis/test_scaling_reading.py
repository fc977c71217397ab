"""What auto scaling and CloudWatch answer, held to AWS's own service models by botocore's stubs."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

import boto3
from botocore.stub import ANY, Stubber
from diagnosis_samples import NOW, WELL, live

from pipeline.aws.access import AwsAccess
from pipeline.diagnosis.facts import Activity, Policy, Scaling, Usage
from pipeline.diagnosis.reading import read_scaling, read_usage

RESOURCE = "service/c/s"
ACTIVITY = {
    "ActivityId": "1",
    "ServiceNamespace": "ecs",
    "ResourceId": RESOURCE,
    "ScalableDimension": "ecs:service:DesiredCount",
    "Description": "Setting desired count to 3.",
    "Cause": "alarm",
    "StatusCode": "Successful",
}


@dataclass
class _Access:
    """Hands out one client."""

    made: Any

    def client(self, _: str) -> Any:
        return self.made


def _stub(service: str) -> tuple[AwsAccess, Stubber]:
    client = boto3.client(
        service,  # type: ignore[call-overload]
        region_name="af-south-1",
        aws_access_key_id="made-up",
        aws_secret_access_key="made-up",
    )
    return cast("AwsAccess", _Access(client)), Stubber(client)


def _expect(stub: Stubber, targets: list[dict[str, Any]], policies: list[dict[str, Any]]) -> None:
    one = {"ServiceNamespace": "ecs", "ResourceId": RESOURCE}
    several = {"ServiceNamespace": "ecs", "ResourceIds": [RESOURCE]}
    stub.add_response("describe_scalable_targets", {"ScalableTargets": targets}, several)
    stub.add_response("describe_scaling_policies", {"ScalingPolicies": policies}, one)
    old = {**ACTIVITY, "StartTime": NOW - timedelta(hours=3)}
    new = {**ACTIVITY, "StartTime": NOW - timedelta(hours=1), "StatusMessage": "done"}
    stub.add_response(
        "describe_scaling_activities", {"ScalingActivities": [new, old]}, {**one, "MaxResults": ANY}
    )


def test_bounds_policies_and_recent_activities() -> None:
    """Only what auto scaling did since the diagnosis' beginning is told."""
    what = {
        "ServiceNamespace": "ecs",
        "ResourceId": RESOURCE,
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    target = {
        **what,
        "MinCapacity": 2,
        "MaxCapacity": 4,
        "RoleARN": "arn:role",
        "CreationTime": NOW,
        "SuspendedState": {"DynamicScalingOutSuspended": True, "DynamicScalingInSuspended": False},
    }
    metric = {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}
    policy = {
        **what,
        "PolicyARN": "arn",
        "PolicyName": "cpu",
        "PolicyType": "TargetTrackingScaling",
        "CreationTime": NOW,
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": 80.0,
            "PredefinedMetricSpecification": metric,
        },
    }
    access, stub = _stub("application-autoscaling")
    _expect(stub, [target], [policy])
    with stub:
        found = read_scaling(live(access), WELL.subject)
    done = Activity(NOW - timedelta(hours=1), ACTIVITY["Description"], "Successful", "done")
    cpu = Policy("cpu", "ECSServiceAverageCPUUtilization", 80.0)
    assert found == Scaling((2, 4), ("DynamicScalingOutSuspended",), (cpu,), (done,))


def test_a_service_that_is_not_registered_has_no_bounds() -> None:
    """The empty answer is one too."""
    access, stub = _stub("application-autoscaling")
    _expect(stub, [], [])
    with stub:
        assert read_scaling(live(access), WELL.subject).bounds is None


def test_usage_is_ordered_by_time() -> None:
    """CloudWatch answers in no order; the present value is that of the newest point."""
    points = [(5, 40.0, 60.0), (1, 90.0, 95.0), (9, 20.0, 30.0)]
    data = [
        {"Timestamp": NOW - timedelta(minutes=age), "Average": average, "Maximum": most, "Unit": "Percent"}
        for age, average, most in points
    ]
    access, stub = _stub("cloudwatch")
    asked = dict.fromkeys(("Namespace", "Dimensions", "StartTime", "EndTime", "Period", "Statistics"), ANY)
    stub.add_response(
        "get_metric_statistics", {"Datapoints": data}, {**asked, "MetricName": "CPUUtilization"}
    )
    stub.add_response(
        "get_metric_statistics", {"Datapoints": []}, {**asked, "MetricName": "MemoryUtilization"}
    )
    with stub:
        assert read_usage(live(access), WELL.subject) == {"CPUUtilization": Usage(50.0, 95.0, 90.0)}
