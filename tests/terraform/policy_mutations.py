"""Faults put into the worker's policy, each with what the flows could then no longer do.

They test the judge: a fault that it does not see on this list it would not see in the policy either.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from support.rights.policy import Statement, many

Change = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Mutation:
    """One fault."""

    name: str
    sid: str
    change: Change
    lost: frozenset[str]
    """Actions that are denied with it; none where the policy is as good as before."""

    def of(self, statements: list[Statement]) -> list[Statement]:
        """Return the policy with the fault in it."""
        changed = copy.deepcopy([dict(item) for item in statements])
        (mine,) = [item for item in changed if item["Sid"] == self.sid]
        before = copy.deepcopy(mine)
        self.change(mine)
        assert mine != before, f"{self.name} changes nothing"
        return [item for item in changed if item.get("Action") != []]


def _without(*actions: str) -> Change:
    def change(item: dict[str, Any]) -> None:
        item["Action"] = [action for action in many(item["Action"]) if action not in actions]

    return change


def _resource(old: str, new: str) -> Change:
    def change(item: dict[str, Any]) -> None:
        item["Resource"] = [arn.replace(old, new) for arn in many(item["Resource"])]

    return change


def _key(old: str, new: str) -> Change:
    """Ask for another condition key, with the same value."""

    def change(item: dict[str, Any]) -> None:
        item["Condition"] = {
            operator: {new if name == old else name: value for name, value in keys.items()}
            for operator, keys in item["Condition"].items()
        }

    return change


def _value(key: str, value: str) -> Change:
    """Ask for another value of a condition key."""

    def change(item: dict[str, Any]) -> None:
        item["Condition"] = {
            operator: {name: value if name == key else kept for name, kept in keys.items()}
            for operator, keys in item["Condition"].items()
        }

    return change


def _only(number: int) -> Change:
    def change(item: dict[str, Any]) -> None:
        item["Resource"] = item["Resource"][number]

    return change


def _set(**elements: Any) -> Change:
    return lambda item: item.update(elements)


_TASKS = {"ecs:DescribeTasks", "ecs:ListTasks", "ecs:StopTask"}
_OBJECTS = {
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
}
_SECRET = {"secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"}
_GROUP = {"logs:DescribeLogStreams", "logs:PutRetentionPolicy"}
_OWN_KEY = "aws:ResourceTag/Environment"

MUTATIONS = [
    Mutation(name, sid, change, frozenset(lost))
    for name, sid, change, lost in [
        ("action missing", "Service", _without("ecs:UpdateService"), {"ecs:UpdateService"}),
        (
            "service without its cluster",
            "Service",
            _resource("vimbiso-pay-cluster-staging/", ""),
            {"ecs:DescribeServices", "ecs:ListServiceDeployments", "ecs:UpdateService"},
        ),
        (
            "service of production",
            "Service",
            _resource("staging", "production"),
            {"ecs:DescribeServices", "ecs:ListServiceDeployments", "ecs:UpdateService"},
        ),
        ("region wrong", "RunTask", _resource("af-south-1", "eu-west-1"), {"ecs:RunTask"}),
        ("account wrong", "RunTask", _resource("123456789012", "210987654321"), {"ecs:RunTask"}),
        ("definition without revision", "RunTask", _resource(":*", ""), {"ecs:RunTask"}),
        ("key that AWS does not have", "Tasks", _key("ecs:cluster", "ecs:service"), _TASKS),
        ("cluster by its name", "Tasks", _value("ecs:cluster", "vimbiso-pay-cluster-staging"), _TASKS),
        (
            "tasks as resource of ListTasks",
            "Tasks",
            _set(Resource="arn:aws:ecs:*:*:task/*"),
            {"ecs:ListTasks"},
        ),
        (
            "family of production",
            "TaskDefinitions",
            _resource("staging", "production"),
            {"ecs:RegisterTaskDefinition"},
        ),
        ("tagging missing", "TagTaskDefinitions", _without("ecs:TagResource"), {"ecs:TagResource"}),
        (
            "tagging of tasks",
            "TagTaskDefinitions",
            _value("ecs:CreateAction", "RunTask"),
            {"ecs:TagResource"},
        ),
        ("roles not handed on", "HandRolesToTasks", _without("iam:PassRole"), {"iam:PassRole"}),
        ("one role not handed on", "HandRolesToTasks", _only(0), {"iam:PassRole"}),
        (
            "roles for another service",
            "HandRolesToTasks",
            _value("iam:PassedToService", "ecs.amazonaws.com"),
            {"iam:PassRole"},
        ),
        (
            "scaling of production",
            "SuspendScaling",
            _value(_OWN_KEY, "production"),
            {"application-autoscaling:RegisterScalableTarget"},
        ),
        (
            "scaling by the service's ARN",
            "SuspendScaling",
            _resource("application-autoscaling", "ecs"),
            {"application-autoscaling:RegisterScalableTarget"},
        ),
        ("secret by its name", "SyncSecret", _resource("-AbCdEf", ""), _SECRET),
        ("secret of production", "SyncSecret", _resource("staging", "production"), _SECRET),
        ("no reading with the key", "Key", _without("kms:Decrypt"), {"kms:Decrypt"}),
        ("no writing with the key", "Key", _without("kms:GenerateDataKey"), {"kms:GenerateDataKey"}),
        (
            "key by its alias",
            "Key",
            _resource("key/staging", "alias/vimbiso-pay-staging"),
            {"kms:Decrypt", "kms:GenerateDataKey"},
        ),
        ("no signing", "SignImages", _without("kms:Sign"), {"kms:Sign"}),
        (
            "signing with the key that encrypts",
            "SignImages",
            _resource("key/signing-", "key/"),
            {"kms:DescribeKey", "kms:Sign", "kms:Verify"},
        ),
        ("bucket in place of its objects", "Objects", _resource("/*", ""), _OBJECTS),
        (
            "objects in place of the bucket",
            "Buckets",
            _resource("123456789012", "123456789012/*"),
            {"s3:ListBucket", "s3:ListBucketMultipartUploads"},
        ),
        (
            "namespace of production",
            "Metrics",
            _value("cloudwatch:namespace", "vimbiso-pay/production"),
            {"cloudwatch:PutMetricData"},
        ),
        ("log groups alone", "Logs", _resource(":*", ""), {*_GROUP, "logs:GetLogEvents"}),
        (
            "parameter with a slash too many",
            "Outputs",
            _resource("parameter/", "parameter//"),
            {"ssm:GetParameter"},
        ),
        (
            "certificate by another tag",
            "LookAtOwn",
            _key(_OWN_KEY, "aws:RequestTag/Environment"),
            {
                "acm:DescribeCertificate",
                "elasticfilesystem:DescribeMountTargets",
                "elasticfilesystem:DescribeMountTargetSecurityGroups",
            },
        ),
        ("a Deny beside it", "ReadRoles", _set(Effect="Deny"), {"iam:GetRole"}),
        ("keys in small letters", "Metrics", _key("cloudwatch:namespace", "CloudWatch:Namespace"), set()),
        ("pattern for the revision", "RunTask", _resource(":*", ":?*"), set()),
    ]
]

# Faults that let the worker do too much; nothing is denied, but production is in reach.
TOO_MUCH = [
    Mutation(name, sid, change, frozenset(reached))
    for name, sid, change, reached in [
        ("any family", "TaskDefinitions", _set(Resource="*"), {"ecs:RegisterTaskDefinition"}),
        (
            "scaling of the whole account",
            "SuspendScaling",
            _set(Condition={"StringEquals": {"application-autoscaling:service-namespace": "ecs"}}),
            {"application-autoscaling:RegisterScalableTarget"},
        ),
        (
            "log groups by a part of their name",
            "Logs",
            _set(Resource="arn:aws:logs:af-south-1:123456789012:log-group:*vimbiso-pay*"),
            {*_GROUP, "logs:GetLogEvents"},
        ),
        (
            "tasks of every cluster",
            "Tasks",
            _set(Condition={}),
            {"ecs:DescribeTasks", "ecs:ListTasks", "ecs:StopTask"},
        ),
        ("every key", "Key", _set(Resource="arn:aws:kms:*:*:key/*"), {"kms:Decrypt", "kms:GenerateDataKey"}),
        (
            "every key for signatures",
            "SignImages",
            _set(Resource="arn:aws:kms:*:*:key/*"),
            {"kms:DescribeKey", "kms:Sign", "kms:Verify"},
        ),
        (
            "every certificate",
            "LookAtOwn",
            _set(Condition={}),
            {
                "acm:DescribeCertificate",
                "elasticfilesystem:DescribeMountTargets",
                "elasticfilesystem:DescribeMountTargetSecurityGroups",
            },
        ),
    ]
]
