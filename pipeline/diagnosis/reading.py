"""Reads everything that a diagnosis looks at, several questions at a time."""

import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from pipeline.aws.errors import AwsError, calling, explain
from pipeline.certificate.check import read_certificate
from pipeline.certificate.model import CertificateVerdict, ExpiryLimits
from pipeline.certificate.verdict import judge
from pipeline.delivery.evidence import read_alarms
from pipeline.diagnosis.facts import (
    Activity,
    Balancing,
    Facts,
    Policy,
    Releases,
    ResolvedNames,
    Scaling,
    Subject,
    TargetGroup,
    Usage,
)
from pipeline.diagnosis.model import Unread
from pipeline.diagnosis.read_resources import (
    read_definitions,
    read_image,
    read_network,
    read_security,
    read_tasks,
)
from pipeline.errors import PipelineError
from pipeline.health.model import ProbeReport
from pipeline.health.probe import probe
from pipeline.live import LiveEnvironment
from pipeline.secrets.change import KeyReport, compare_keys
from pipeline.secrets.store import secret_keys

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling.type_defs import ScalingActivityTypeDef, ScalingPolicyTypeDef
    from mypy_boto3_elbv2.type_defs import TargetGroupTypeDef

_METRICS = ("CPUUtilization", "MemoryUtilization")
_PERIOD = 60
_POINTS = 1440
"""Most points that GetMetricStatistics answers (CloudWatch API reference)."""
_ACTIVITIES = 10


def read_scaling(live: LiveEnvironment, subject: Subject) -> Scaling:
    """Return bounds, policies and recent activities of the service."""
    outputs, scaling = live.outputs, live.access.client("application-autoscaling")
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


def read_usage(live: LiveEnvironment, subject: Subject) -> dict[str, Usage]:
    """Return what CloudWatch measured of the service since ``subject.since``."""
    found = {metric: _used(live, subject, metric) for metric in _METRICS}
    return {metric: usage for metric, usage in found.items() if usage is not None}


def _used(live: LiveEnvironment, subject: Subject, metric: str) -> Usage | None:
    outputs = live.outputs
    seconds = (subject.now - subject.since) / timedelta(seconds=1)
    with calling(f"Reading {metric} of {outputs.service}"):
        points = live.access.client("cloudwatch").get_metric_statistics(
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


def read_balancing(live: LiveEnvironment) -> Balancing:
    """Return how the target groups ask for health, and what they got."""
    outputs = live.outputs
    with calling("Describing the target groups"):
        answer = live.access.client("elbv2").describe_target_groups(
            TargetGroupArns=list(outputs.target_group_arns)
        )
    health = live.service.targets(outputs.target_group_arns)
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


def addresses(name: str) -> tuple[str, ...]:
    """Return the IPv4 addresses of a host name, sorted; () where the name does not resolve."""
    try:
        found = socket.getaddrinfo(name, None, family=socket.AF_INET, type=socket.SOCK_STREAM)
    except OSError:
        return ()
    return tuple(sorted({str(item[4][0]) for item in found}))


_AT_ONCE = 6
_RECORDS = 20


def read_facts(live: LiveEnvironment, subject: Subject) -> Facts:
    """Read all of it; what cannot be read, for whatever reason AWS gives, is Unread with that reason."""
    questions: dict[str, Callable[[], Any]] = {
        "service": live.service.describe,
        "definitions": partial(read_definitions, live),
        "tasks": partial(read_tasks, live, subject),
        "secrets": partial(_secrets, live),
        "balancing": partial(read_balancing, live),
        "probes": partial(_probes, live, subject),
        "security": partial(read_security, live),
        "network": partial(read_network, live),
        "image": partial(read_image, live),
        "scaling": partial(read_scaling, live, subject),
        "usage": partial(read_usage, live, subject),
        "certificate": partial(_certificate, live, subject),
        "alarms": partial(read_alarms, live.access, live.outputs.alarm_names),
        "names": partial(_names, live),
        "releases": partial(_releases, live),
    }
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="diagnosis") as pool:
        answers = {name: pool.submit(answer, question) for name, question in questions.items()}
    return Facts(subject, **{name: answer.result() for name, answer in answers.items()})


def answer(question: Callable[[], Any]) -> Any:
    """Ask; a refusal, a fault of AWS or a missing thing is an answer too, which is Unread."""
    try:
        return question()
    except AwsError as error:
        return Unread(_why(error))
    except PipelineError as error:
        return Unread(str(error))
    except (ClientError, BotoCoreError) as error:
        return Unread(_why(explain("Reading", error)))
    except (
        LookupError,
        TypeError,
        ValueError,
        ResponseParserError,
    ) as error:  # an emulator's answer lacks what AWS's has
        return Unread(f"the answer could not be understood: {error!r}")


def _why(error: AwsError) -> str:
    """Say so where an emulator lacks the API: it answers a bare HTTP status where AWS names a code."""
    if error.code.isdigit():
        return f"HTTP {error.code}; this endpoint lacks the API"
    return str(error)


def _secrets(live: LiveEnvironment) -> KeyReport:
    secret = live.outputs.secret_arn
    return compare_keys(read_definitions(live).live, secret, secret_keys(live.access, secret))


def _probes(live: LiveEnvironment, subject: Subject) -> tuple[ProbeReport, ...]:
    patience = subject.patience
    return tuple(
        probe(replace(asked, in_a_row=2, window=patience, timeout=patience)) for asked in live.probes()
    )


def _certificate(live: LiveEnvironment, subject: Subject) -> CertificateVerdict | None:
    arn = live.outputs.certificate_arn
    return judge(read_certificate(live.access, arn), subject.now, limits=ExpiryLimits()) if arn else None


def _names(live: LiveEnvironment) -> ResolvedNames | None:
    domain = live.settings.domain
    return ResolvedNames(addresses(domain), addresses(live.outputs.load_balancer_dns)) if domain else None


def _releases(live: LiveEnvironment) -> Releases:
    return Releases(tuple(live.releases.newest(_RECORDS)), live.releases.open_rollout())
