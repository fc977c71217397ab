"""An account of AWS on paper: answers by operation, each held against botocore's model of its service."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

from botocore.validate import ParamValidator
from support.answering import Answer, Refusal

from pipeline.aws.access import AwsAccess
from pipeline.doctor.examine import examine
from pipeline.doctor.model import DoctorLine, Sizes
from pipeline.live import LiveEnvironment

ACCOUNT = "123456789012"
REGION = "af-south-1"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def sizes(**changes: Any) -> Sizes:
    """Return sizes like production's, a shared Redis beside them."""
    production: dict[str, Any] = {
        "zone_count": 2,
        "single_nat_gateway": False,
        "task_cpu": 1024,
        "desired_count": 2,
        "maximum_percent": 200,
        "autoscaling": {"min_capacity": 2, "max_capacity": 6},
        "shared_redis": {"node_type": "cache.t4g.small", "engine_version": "7.1"},
        "alarms": {},
        "alarms_roll_back": True,
        "alert_topic": True,
        "alert_emails": ["operators@pay.test"],
        "event_rules": True,
        "cloudtrail": False,
        "access_logs": True,
    }
    return Sizes(**{**production, **changes})


def tags(**pairs: str) -> list[dict[str, str]]:
    """Return tags as most services list them."""
    return [{"Key": key, "Value": value} for key, value in pairs.items()]


def quota(value: float) -> dict[str, Any]:
    """Return GetServiceQuota's answer."""
    return {"Quota": {"Value": value}}


def alarm(name: str, seconds: int, periods: int) -> dict[str, Any]:
    """Return an alarm as DescribeAlarms has it."""
    return {"AlarmName": name, "Period": seconds, "EvaluationPeriods": periods}


FRESH: dict[str, Any] = {
    "cloudtrail.DescribeTrails": {"trailList": []},
    "cloudwatch.DescribeAlarms": {"MetricAlarms": []},
    "ec2.DescribeAddresses": {"Addresses": []},
    "ec2.DescribeNatGateways": {"NatGateways": []},
    "ec2.DescribeRegions": {"Regions": [{"RegionName": REGION, "OptInStatus": "opted-in"}]},
    "ec2.DescribeSubnets": {"Subnets": []},
    "ec2.DescribeVpcs": {"Vpcs": [{"VpcId": "vpc-1", "IsDefault": True}]},
    "ecr.DescribeRepositories": "RepositoryNotFoundException",
    "ecr.GetRegistryScanningConfiguration": {
        "registryId": ACCOUNT,
        "scanningConfiguration": {"scanType": "BASIC", "rules": []},
    },
    "ecs.DescribeClusters": {"clusters": [], "failures": [{"reason": "MISSING"}]},
    "ecs.DescribeServices": "ClusterNotFoundException",
    "ecs.ListClusters": {"clusterArns": []},
    "elasticache.DescribeCacheEngineVersions": {
        "CacheEngineVersions": [{"Engine": "redis", "EngineVersion": "7.1.0"}]
    },
    "elasticache.DescribeReservedCacheNodesOfferings": {
        "ReservedCacheNodesOfferings": [{"CacheNodeType": "cache.t4g.small"}]
    },
    "elbv2.DescribeLoadBalancers": "LoadBalancerNotFound",
    "elbv2.DescribeTargetGroups": "TargetGroupNotFound",
    "iam.GetRole": "NoSuchEntity",
    "logs.DescribeLogGroups": {"logGroups": []},
    "route53.ListHostedZones": {"HostedZones": [], "Marker": "", "IsTruncated": False, "MaxItems": "100"},
    "s3.GetObject": "NoSuchBucket",
    "s3.HeadBucket": "404",
    "secretsmanager.DescribeSecret": "ResourceNotFoundException",
    "service-quotas.GetServiceQuota": quota(100),
    "sns.ListSubscriptionsByTopic": "NotFound",
    "ssm.GetParameter": "ParameterNotFound",
    "sts.GetCallerIdentity": {"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/admin"},
}
"""A fresh account with room for everything; a text is the code of an error."""


_making = Lock()


@dataclass(frozen=True)
class PaperAccess(AwsAccess):
    """Access to such an account; what has no answer is denied."""

    answers: dict[str, Any] = field(default_factory=lambda: dict(FRESH), hash=False, compare=False)
    asked: list[str] = field(default_factory=list, hash=False, compare=False)
    made: dict[tuple[str, str], Any] = field(default_factory=dict, hash=False, compare=False)
    """Clients, which otherwise every test would make anew."""

    def client(self, service: str, config: Any = None) -> Any:  # type: ignore[override] # all services at once
        """Return a client; the same one for the same service and region."""
        with _making:
            if (self.region, service) not in self.made:
                found = super().client(service, config)  # type: ignore[call-overload]
                name = found.meta.service_model.service_id.hyphenize()
                found.meta.events.register(
                    f"before-call.{name}", lambda model, **_: self._answer(service, model)
                )
                self.made[self.region, service] = found
            return self.made[self.region, service]

    def _answer(self, service: str, model: Any) -> tuple[Answer, dict[str, Any]]:
        operation = f"{service}.{model.name}"
        self.asked.append(operation)
        given = self.answers.get(operation, "AccessDeniedException")
        if isinstance(given, Exception):
            raise given
        if isinstance(given, str):
            return Answer(400), Refusal(given, "as the test says").answer
        report = ParamValidator().validate(given, model.output_shape)
        assert not report.has_errors(), f"{operation} does not answer so: {report.generate_report()}"
        return Answer(200), given


def lines(live: LiveEnvironment, given: Sizes | None = None) -> dict[str, DoctorLine]:
    """Return the table by what each line is about."""
    return {item.name: item for item in examine(live, given or sizes(), timedelta(minutes=15))}


def short(found: dict[str, DoctorLine]) -> dict[str, str]:
    """Return result and fact of each line."""
    return {name: f"{item.status} {item.seen}" for name, item in found.items()}
