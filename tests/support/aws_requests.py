"""Requests held against AWS's models, and against what AWS documents beside them."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import support.aws_documents  # noqa: F401 - registers its rules
from support.aws_models import forbidden, member, values_in
from support.aws_rules import RULES

MOST = {
    "cloudwatch PutMetricData MetricData": 1000,
    "cloudwatch PutMetricData MetricData.Values": 150,
    "cloudwatch GetMetricData MetricDataQueries": 500,
    "ecs DescribeServices services": 10,
    "ecs DescribeTasks tasks": 100,
    "ecs RegisterTaskDefinition containerDefinitions": 10,
    "ecs CreateService loadBalancers": 5,
    "ecs CreateService networkConfiguration.awsvpcConfiguration.securityGroups": 5,
    "ecs CreateService networkConfiguration.awsvpcConfiguration.subnets": 16,
    "ecs RunTask clientToken": 64,
    "ecs RunTask networkConfiguration.awsvpcConfiguration.securityGroups": 5,
    "ecs RunTask networkConfiguration.awsvpcConfiguration.subnets": 16,
    "elbv2 DescribeTags ResourceArns": 20,
    "s3 DeleteObjects Delete.Objects": 1000,
    "sns Publish Subject": 100,
    "sns Publish Message": 262_144,
    "sns PublishBatch PublishBatchRequestEntries": 10,
}
"""The most items or characters that the page of an operation tells and its model does not.

Source: https://docs.aws.amazon.com/SERVICE/latest/APIReference/API_OPERATION.html.
"""
NUMBERS = {
    "ecs RegisterTaskDefinition containerDefinitions.healthCheck.interval": (5, 300),
    "ecs RegisterTaskDefinition containerDefinitions.healthCheck.retries": (1, 10),
    "ecs RegisterTaskDefinition containerDefinitions.healthCheck.startPeriod": (0, 300),
    "ecs RegisterTaskDefinition containerDefinitions.healthCheck.timeout": (2, 60),
    "ecs RunTask count": (1, 10),
    "ecs ListTasks maxResults": (1, 100),
    "ecs ListServices maxResults": (1, 100),
    "ecs ListTaskDefinitions maxResults": (1, 100),
    "s3 UploadPart PartNumber": (1, 10_000),
}
Parameters = dict[str, Any]
_TAG = re.compile(r"(?!aws:)[\w\s.:/=+\-@]{1,128}", re.IGNORECASE)


@dataclass(frozen=True)
class Violation:
    """One value that AWS would refuse, and the rule."""

    where: str
    value: object
    rule: str

    def __str__(self) -> str:
        shown = repr(self.value)
        return f"{self.where}: {shown if len(shown) < 200 else shown[:200] + '...'} {self.rule}"


def violations(service: str, operation: str, shape: Any, value: Any, path: str = "") -> Iterator[Violation]:
    """Yield what AWS would refuse in a member, or in a whole request where no path is given."""
    for found, inner, at in values_in(shape, value, path):
        where = f"{service} {operation} {at}".rstrip()
        wrong = [*forbidden(found, inner), *_documented(where, found, inner)]
        yield from (Violation(where, inner, rule) for rule in wrong)
    if not path:
        asked = f"{service} {operation}"
        for name, tagged in tags(value):
            yield from (Violation(f"{asked} {name}", tagged, rule) for rule in tag_problems(tagged))
        for rule in REQUESTS.get(asked, []):
            yield from (Violation(asked, value, problem) for problem in rule(value))


def _documented(where: str, shape: Any, value: Any) -> Iterator[str]:
    for rule in RULES.get(where, []):
        if shape.type_name not in {"list", "map"} and (problem := rule(value)):
            yield problem
    if where in MOST and _is_member_itself(where, shape) and len(value) > MOST[where]:
        yield f"has {len(value)}, more than {MOST[where]}"
    if where in NUMBERS and not NUMBERS[where][0] <= value <= NUMBERS[where][1]:
        yield f"is not between {NUMBERS[where][0]} and {NUMBERS[where][1]}"


def _is_member_itself(where: str, shape: Any) -> bool:
    """Whether the value is the list that a limit is about, and not one of its items."""
    return bool(member(*where.split(" ")).type_name == shape.type_name)


def tags(parameters: Parameters) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the tags that a request gives, under whatever name its service has for them."""
    for name, given in parameters.items():
        if name.lower() == "tags" and isinstance(given, list) and all(isinstance(tag, dict) for tag in given):
            yield name, {str(_any(tag, "Key")): str(_any(tag, "Value")) for tag in given}


def _any(tag: Parameters, name: str) -> Any:
    return tag.get(name, tag.get(name.lower(), tag.get(f"Tag{name}", "")))


def tag_problems(tagged: dict[str, str]) -> Iterator[str]:
    """Tags of a resource. https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html."""
    if len(tagged) > 50:
        yield f"has {len(tagged)} tags, more than 50"
    for key, value in tagged.items():
        if not _TAG.fullmatch(key) or not re.fullmatch(r"[\w\s.:/=+\-@]{0,256}", value):
            yield f"has the tag {key}={value}: longer than 128 and 256, begins aws:, or not of \\w .:/=+-@"


def fargate_size(cpu: int, memory: int) -> Iterator[str]:
    """Sizes. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html."""
    sizes = {
        256: {512, 1024, 2048},
        512: set(range(1024, 4097, 1024)),
        1024: set(range(2048, 8193, 1024)),
        2048: set(range(4096, 16385, 1024)),
        4096: set(range(8192, 30721, 1024)),
        8192: set(range(16384, 61441, 4096)),
        16384: set(range(32768, 122881, 8192)),
    }
    if memory not in sizes.get(cpu, set()):
        yield f"has {cpu} units and {memory} MiB, a size that Fargate lacks"


def deployment_percents(minimum: int, maximum: int, rebalancing: str | None) -> Iterator[str]:
    """A rollout that can go on. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-rebalancing.html."""
    if maximum <= minimum:
        yield f"may neither stop nor start a task: minimum {minimum} %, maximum {maximum} %"
    if rebalancing == "ENABLED" and maximum <= 100:
        yield f"rebalances zones with a maximum of {maximum} %, which must be more than 100"


def parameter_size(value: str, tier: str | None) -> Iterator[str]:
    """4 KB. https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html."""
    most = 8192 if tier in {"Advanced", "Intelligent-Tiering"} else 4096
    if len(value.encode()) > most:
        yield f"has {len(value.encode())} bytes, more than {most}"


def capacity(least: int, most: int) -> Iterator[str]:
    """Order. https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html."""
    if least > most:
        yield f"has a minimum of {least} and a maximum of {most}"


def _definition(asked: Parameters) -> Iterator[str]:
    """64 KiB. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html."""
    size = len(json.dumps(asked, separators=(",", ":"), default=str))
    if size > 65_536:
        yield f"has {size} bytes, more than 65536"
    if "FARGATE" in asked.get("requiresCompatibilities", []):
        yield from fargate_size(int(asked.get("cpu", 0)), int(asked.get("memory", 0)))


def _run(asked: Parameters) -> Iterator[str]:
    """Exclusions. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html."""
    if asked.get("propagateTags") == "SERVICE":
        yield "takes tags of a service, which it has none"
    if "launchType" in asked and asked.get("capacityProviderStrategy"):
        yield "has a launch type and a strategy"


def _list(asked: Parameters) -> Iterator[str]:
    """One filter. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html."""
    if "startedBy" in asked and {"family", "serviceName", "containerInstance"} & set(asked):
        yield "has startedBy and another filter"


def _service(asked: Parameters) -> Iterator[str]:
    given = asked.get("deploymentConfiguration", {})
    if {"minimumHealthyPercent", "maximumPercent"} <= set(given):
        rebalancing = asked.get("availabilityZoneRebalancing")
        yield from deployment_percents(given["minimumHealthyPercent"], given["maximumPercent"], rebalancing)


def _parameter(asked: Parameters) -> Iterator[str]:
    return parameter_size(asked["Value"], asked.get("Tier"))


def _target(asked: Parameters) -> Iterator[str]:
    if "MinCapacity" in asked and "MaxCapacity" in asked:
        yield from capacity(asked["MinCapacity"], asked["MaxCapacity"])


def _object(asked: Parameters) -> Iterator[str]:
    """Key and metadata. https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html."""
    if len(asked["Key"].encode()) > 1024:
        yield "has a key of more than 1024 bytes"
    if sum(len(f"{name}{value}".encode()) for name, value in asked.get("Metadata", {}).items()) > 2048:
        yield "has more than 2 KB of metadata"


REQUESTS: dict[str, list[Callable[[Parameters], Iterator[str]]]] = {
    "ecs RegisterTaskDefinition": [_definition],
    "ecs CreateService": [_service],
    "ecs UpdateService": [_service],
    "ecs RunTask": [_run],
    "ecs ListTasks": [_list],
    "ssm PutParameter": [_parameter],
    "application-autoscaling RegisterScalableTarget": [_target],
    "s3 PutObject": [_object],
    "s3 CreateMultipartUpload": [_object],
    "s3 CopyObject": [_object],
}
"""Rules between the members of a request."""
