"""Translation of a request to AWS into what IAM is asked for it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from support.rights.calls import Call
from support.rights.policy import Ask, many
from support.rights.reference import ResourceType, resource_types

# Source: AWS, "Service Authorization Reference", where an action is not named like its API operation.
_PREFIXES = {"elbv2": "elasticloadbalancing", "efs": "elasticfilesystem"}
_RENAMED = {
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:HeadObject": "s3:GetObject",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:CopyObject": "s3:PutObject",
    "s3:DeleteObjects": "s3:DeleteObject",
    "s3:CreateMultipartUpload": "s3:PutObject",
    "s3:UploadPart": "s3:PutObject",
    "s3:CompleteMultipartUpload": "s3:PutObject",
    "s3:ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "s3:ListParts": "s3:ListMultipartUploadParts",
}
_FREE = {"sts:GetCallerIdentity"}
# Source: Amazon S3 and Secrets Manager user guides, on what a caller needs of the key that encrypts.
_KEY = {
    "s3:GetObject": ("Decrypt",),
    "s3:HeadObject": ("Decrypt",),
    "s3:PutObject": ("GenerateDataKey",),
    "s3:CopyObject": ("Decrypt", "GenerateDataKey"),
    "s3:CreateMultipartUpload": ("Decrypt", "GenerateDataKey"),
    "s3:UploadPart": ("Decrypt", "GenerateDataKey"),
    "s3:CompleteMultipartUpload": ("Decrypt",),
    "secretsmanager:GetSecretValue": ("Decrypt",),
    "secretsmanager:PutSecretValue": ("Decrypt", "GenerateDataKey"),
    "sqs:ReceiveMessage": ("Decrypt",),
}
_TASKS = ("iam:PassedToService", "ecs-tasks.amazonaws.com")


@dataclass(frozen=True)
class Site:
    """Place where requests are made, with what AWS knows there beside them."""

    account: str
    region: str = "af-south-1"
    key: str | None = None
    """Key that buckets, secrets and queues are encrypted with."""
    tags: tuple[tuple[str, str], ...] = ()
    """Tags of every resource."""
    roles: tuple[str, ...] = ()
    """Roles of the task definitions that are run."""

    def arn(self, template: str, names: dict[str, str]) -> str:
        """Fill a template of AWS's reference."""
        values = {"Partition": "aws", "Region": self.region, "Account": self.account, **names}
        return re.sub(r"\$\{(\w+)\}", lambda found: values[found[1]], template)

    def ask(self, action: str, names: dict[str, str], only: str = "", **context: str) -> list[Ask]:
        """Ask for an action on the resources so named; on ``*`` where AWS knows none that is named."""
        given = (*context.items(), *((f"aws:ResourceTag/{name}", value) for name, value in self.tags))
        kinds = [kind for kind in resource_types(action) if kind.required or names.keys() >= _variables(kind)]
        kinds = [kind for kind in kinds if only in ("", kind.name)]
        if not kinds:
            return [Ask(action, "*", "", given)]
        arns = [(kind.name, arn) for kind in kinds for arn in _forms(kind, self.arn(kind.arn, names))]
        return [Ask(action, arn, name, given) for name, arn in arns]


def action_of(service: str, operation: str) -> str | None:
    """Return the action that an operation needs; None where everybody may."""
    action = f"{_PREFIXES.get(service, service)}:{operation}"
    return None if action in _FREE else _RENAMED.get(action, action)


def asks(call: Call, site: Site) -> list[Ask]:
    """Return everything that IAM is asked for a request."""
    action = action_of(call.service, call.operation)
    if action is None:
        return []
    context = _context(call, site)
    own = [site.ask(action, names, **context) for names in _names(call)]
    return list(chain(*own, _beside(call, site)))


def _beside(call: Call, site: Site) -> Iterator[Ask]:
    """Yield what one request asks for beside its own action."""
    name = f"{call.service}:{call.operation}"
    for use in _KEY.get(name, ()) if site.key else ():
        yield Ask(f"kms:{use}", str(site.key), "key")
    if name == "s3:CopyObject":
        bucket, _, key = call.params["CopySource"].partition("/")
        yield from site.ask("s3:GetObject", {"BucketName": bucket, "ObjectName": key})
    if name in {"ecs:RegisterTaskDefinition", "ecs:RunTask"}:
        named = {call.params[key] for key in ("executionRoleArn", "taskRoleArn") if key in call.params}
        for role in sorted(named or site.roles):
            yield Ask("iam:PassRole", role, "role", (_TASKS,))
        if call.params.get("tags"):
            made = {"ecs:CreateAction": call.operation}
            kind = "task" if call.operation == "RunTask" else "task-definition"
            yield from site.ask("ecs:TagResource", _names(call)[0], kind, **made)


def _context(call: Call, site: Site) -> dict[str, str]:
    """Return the condition keys that come of the parameters."""
    params = call.params
    keys = {
        "cloudwatch:namespace": params.get("Namespace"),
        "application-autoscaling:service-namespace": params.get("ServiceNamespace"),
        "application-autoscaling:scalable-dimension": params.get("ScalableDimension"),
    }
    if call.service == "ecs" and "cluster" in params:
        template = "arn:${Partition}:ecs:${Region}:${Account}:cluster/${ClusterName}"
        keys["ecs:cluster"] = site.arn(template, {"ClusterName": _last(params["cluster"])})
    return {key: value for key, value in keys.items() if value is not None}


def _names(call: Call) -> list[dict[str, str]]:
    """Return the variables of ARN templates, once for each resource that the request names."""
    reader = _READERS.get(call.service)
    return list(reader(call.params)) if reader else [{}]


def _ecs(params: dict[str, Any]) -> Iterator[dict[str, str]]:
    family, _, revision = _last(params.get("family") or params.get("taskDefinition", "")).partition(":")
    *_, cluster, service, deployment = ("", "", *params.get("serviceDeploymentArns", ["//any"])[0].split("/"))
    names = {
        "ClusterName": cluster or _last(params.get("cluster", "default")),
        "ContainerInstanceId": "any",
        "ServiceDeploymentId": deployment,
        "TaskDefinitionFamilyName": family,
        "TaskDefinitionRevisionNumber": revision or "1",
    }
    tasks = params.get("tasks") or [params.get("task", "any")]
    services = params.get("services") or [params.get("service", service)]
    for task in tasks:
        yield from ({**names, "TaskId": _last(task), "ServiceName": _last(name)} for name in services)


def _s3(params: dict[str, Any]) -> Iterator[dict[str, str]]:
    for key in many(params.get("Key", [])) or [None]:
        yield {"BucketName": params["Bucket"]} | ({} if key is None else {"ObjectName": key})


def _secret(params: dict[str, Any]) -> Iterator[dict[str, str]]:
    identifier = params["SecretId"]
    # AWS adds six characters to a secret's name.
    yield {"SecretId": identifier.split(":")[-1] if ":" in identifier else f"{identifier}-AbCdEf"}


def _each(variable: str, *parameters: str) -> Callable[[dict[str, Any]], Iterator[dict[str, str]]]:
    """Read one variable from the first of these parameters that is given; else it is any."""

    def read(params: dict[str, Any]) -> Iterator[dict[str, str]]:
        values = next((params[name] for name in parameters if params.get(name)), "any")
        yield from ({variable: _last(value)} for value in many(values))

    return read


def _logs(params: dict[str, Any]) -> Iterator[dict[str, str]]:
    yield {
        "LogGroupName": params.get("logGroupName", "any"),
        "LogStreamName": params.get("logStreamName", "any"),
    }


_READERS: dict[str, Callable[[dict[str, Any]], Iterator[dict[str, str]]]] = {
    "acm": _each("CertificateId", "CertificateArn"),
    "application-autoscaling": _each("ResourceId"),  # AWS's own random one, whatever the parameter says
    "cloudwatch": _each("AlarmName", "AlarmNames"),
    "ecr": _each("RepositoryName", "repositoryName", "repositoryNames"),
    "ecs": _ecs,
    "efs": _each("FileSystemId", "FileSystemId"),
    "iam": _each("RoleNameWithPath", "RoleName"),
    "kms": _each("KeyId", "KeyId"),
    "logs": _logs,
    "s3": _s3,
    "secretsmanager": _secret,
    "sqs": _each("QueueName", "QueueUrl", "QueueName"),
    "ssm": lambda params: iter([{"ParameterNameWithoutLeadingSlash": params["Name"].lstrip("/")}]),
    "sts": _each("RoleNameWithPath", "RoleArn"),
}


def _variables(kind: ResourceType) -> set[str]:
    return set(re.findall(r"\$\{(\w+)\}", kind.arn)) - {"Partition", "Region", "Account"}


def _forms(kind: ResourceType, arn: str) -> list[str]:
    """Return the ARN in each form that AWS is known to compare: its pages on log groups name both."""
    return [arn, f"{arn}:*"] if kind.name == "log-group" else [arn]


def _last(name: str) -> str:
    """Return the name within an ARN, or the name itself."""
    return name.rpartition("/")[2] if name.startswith(("arn:", "http")) else name
