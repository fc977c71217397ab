"""Reads everything that a diagnosis looks at, several questions at a time."""

import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import AwsError, calling, explain
from pipeline.certificate.check import read_certificate
from pipeline.certificate.model import CertificateVerdict, Limits
from pipeline.certificate.verdict import judge
from pipeline.delivery.evidence import read_alarms
from pipeline.delivery.model import probe_of
from pipeline.diagnosis.facts import (
    Activity,
    Balancing,
    Facts,
    Names,
    Policy,
    Releases,
    Scaling,
    Subject,
    TargetGroup,
    Usage,
)
from pipeline.diagnosis.model import Unread
from pipeline.diagnosis.read_network import read_network, read_security
from pipeline.diagnosis.read_tasks import read_definitions, read_image, read_tasks
from pipeline.ecs.model import Service
from pipeline.ecs.service import EcsService
from pipeline.errors import PipelineError
from pipeline.health.model import ProbeReport
from pipeline.health.probe import probe
from pipeline.release.store import ReleaseStore
from pipeline.secrets.keys import KeyReport, compare_keys
from pipeline.secrets.sync import secret_keys

if TYPE_CHECKING:
    from mypy_boto3_elbv2.type_defs import TargetGroupTypeDef

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


def addresses(name: str) -> tuple[str, ...]:
    """Return the IPv4 addresses of a host name, sorted; () where the name does not resolve."""
    try:
        found = socket.getaddrinfo(name, None, family=socket.AF_INET, type=socket.SOCK_STREAM)
    except OSError:
        return ()
    return tuple(sorted({str(item[4][0]) for item in found}))


_AT_ONCE = 6
_RECORDS = 20


def read_facts(access: AwsAccess, subject: Subject) -> Facts:
    """Read all of it; what cannot be read, for whatever reason AWS gives, is Unread with that reason."""
    questions: dict[str, Callable[[], Any]] = {
        "service": partial(_service, access, subject),
        "definitions": partial(read_definitions, access, subject),
        "tasks": partial(read_tasks, access, subject),
        "secrets": partial(_secrets, access, subject),
        "balancing": partial(read_balancing, access, subject),
        "probe": partial(_probe, subject),
        "security": partial(read_security, access, subject),
        "network": partial(read_network, access, subject),
        "image": partial(read_image, access, subject),
        "scaling": partial(read_scaling, access, subject),
        "usage": partial(read_usage, access, subject),
        "certificate": partial(_certificate, access, subject),
        "alarms": partial(read_alarms, access, subject.outputs.alarm_names),
        "names": partial(_names, subject),
        "releases": partial(_releases, access, subject),
    }
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="diagnosis") as pool:
        answers = {name: pool.submit(_answer, question) for name, question in questions.items()}
    return Facts(subject, **{name: answer.result() for name, answer in answers.items()})


def _answer(question: Callable[[], Any]) -> Any:
    """Ask; a refusal, a fault of AWS or a missing thing is an answer too."""
    try:
        return question()
    except AwsError as error:
        return Unread(_why(error))
    except PipelineError as error:
        return Unread(str(error))
    except (ClientError, BotoCoreError) as error:
        return Unread(_why(explain("Reading", error)))
    except (LookupError, TypeError, ValueError) as error:  # an emulator's answer lacks what AWS's has
        return Unread(f"the answer could not be understood: {error!r}")


def _why(error: AwsError) -> str:
    """Say so where an emulator lacks the API: it answers a bare HTTP status where AWS names a code."""
    if error.code.isdigit():
        return f"{str(error).partition(':')[0]}: HTTP {error.code}; this endpoint lacks the API"
    return str(error)


def _service(access: AwsAccess, subject: Subject) -> Service | None:
    return EcsService(access, subject.outputs.cluster, subject.outputs.service).describe()


def _secrets(access: AwsAccess, subject: Subject) -> KeyReport:
    live = read_definitions(access, subject).live
    return compare_keys(live, subject.outputs.secret_arn, secret_keys(access, subject.outputs.secret_arn))


def _probe(subject: Subject) -> ProbeReport:
    wanted = probe_of(subject.environment, subject.outputs, release=None)
    return probe(replace(wanted, in_a_row=2, window=subject.patience, timeout=subject.patience))


def _certificate(access: AwsAccess, subject: Subject) -> CertificateVerdict | None:
    arn = subject.outputs.certificate_arn
    return judge(read_certificate(access, arn), subject.now, limits=Limits()) if arn else None


def _names(subject: Subject) -> Names | None:
    domain = subject.environment.domain
    if domain is None:
        return None
    return Names(addresses(domain), addresses(subject.outputs.load_balancer_dns))


def _releases(access: AwsAccess, subject: Subject) -> Releases:
    store = ReleaseStore(access, subject.outputs.backup_bucket, subject.environment.name)
    return Releases(tuple(store.newest(_RECORDS)), store.open_rollout())
