"""Rules of the documents that requests carry: policies, event patterns, dashboards."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from support.aws_rules import about

_STATEMENT = {
    *(
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    )
}
_OPERATOR = re.compile(
    r"(For(All|Any)(Values|Value):)?"
    r"((String(Not)?(Equals(IgnoreCase)?|Like))|((Not)?IpAddress)|(Arn(Not)?(Equals|Like))|Bool|Null|BinaryEquals"
    r"|((Numeric|Date)((Not)?Equals|(Less|Greater)Than(Equals)?)))(IfExists)?"
)
_FILTERS = {
    *("prefix", "suffix", "equals-ignore-case", "wildcard", "anything-but", "numeric", "exists", "cidr"),
}


def statements(policy: str) -> list[dict[str, Any]]:
    """Return the statements of a policy."""
    found = json.loads(policy).get("Statement", [])
    return [found] if isinstance(found, dict) else list(found)


def listed(value: Any) -> list[Any]:
    """Return what a policy may write as one or as a list."""
    return value if isinstance(value, list) else [value]


@about("iam PutRolePolicy PolicyDocument")
def role_policy_size(value: str) -> str | None:
    """All inline policies of a role. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html."""
    return _larger(value, 10_240)


@about("iam CreateRole AssumeRolePolicyDocument")
def trust_policy_size(value: str) -> str | None:
    """Default quota. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html."""
    return _larger(value, 2048)


@about("kms CreateKey Policy", "kms PutKeyPolicy Policy")
def key_policy_size(value: str) -> str | None:
    """32 KB. https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html."""
    return _larger(value, 32_768)


@about("s3 PutBucketPolicy Policy")
def bucket_policy_size(value: str) -> str | None:
    """20 KB. https://docs.aws.amazon.com/AmazonS3/latest/userguide/add-bucket-policy.html."""
    return _larger(value, 20_480)


def policy_size(value: str) -> int:
    """Return the characters of a policy that IAM counts: white space is free."""
    return len(re.sub(r"\s", "", value))


def _larger(value: str, most: int) -> str | None:
    return None if policy_size(value) <= most else f"has {policy_size(value)} characters, more than {most}"


@about("iam PutRolePolicy PolicyDocument")
def identity_policy(value: str) -> str | None:
    """Grammar. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html."""
    return _first(
        _grammar(value, needs={"Action", "Resource"}, refuses={"Principal", "NotPrincipal"}, sid=r"\w*")
    )


@about("iam CreateRole AssumeRolePolicyDocument")
def trust_policy(value: str) -> str | None:
    """Grammar. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html."""
    return _first(
        _grammar(value, needs={"Action", "Principal"}, refuses={"Resource", "NotResource"}, sid=r"\w*")
    )


@about(
    "s3 PutBucketPolicy Policy",
    "kms CreateKey Policy",
    "kms PutKeyPolicy Policy",
    "efs PutFileSystemPolicy Policy",
)
@about("sns SetTopicAttributes AttributeValue", "sqs SetQueueAttributes Attributes")
def resource_policy(value: str) -> str | None:
    """Grammar. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html."""
    if not value.startswith("{"):
        return None  # another attribute of the topic or queue
    return _first(_grammar(value, needs={"Action", "Principal", "Resource"}, refuses=set(), sid=r"[\w ]*"))


def _grammar(policy: str, needs: set[str], refuses: set[str], sid: str) -> Iterator[str]:
    if json.loads(policy).get("Version") not in {"2012-10-17", "2008-10-17"}:
        yield "has no Version that there is"
    found = statements(policy)
    for name, count in Counter(item.get("Sid") for item in found).items():
        if name and (count > 1 or not re.fullmatch(sid, name, re.ASCII)):
            yield f"has the Sid {name} twice or with other characters than {sid}"
    for item in found:
        keys = {name.removeprefix("Not") for name in item}
        if (
            needs - keys
            or refuses & set(item)
            or set(item) - _STATEMENT
            or item["Effect"] not in {"Allow", "Deny"}
        ):
            yield f"has a statement of {sorted(item)}, which needs {sorted(needs)}"
        yield from (
            f"has the action {action}"
            for action in listed(item.get("Action", []))
            if not re.fullmatch(r"\*|[a-z0-9-]+:[A-Za-z0-9*?]+", action)
        )
        yield from (
            f"has the resource {resource}"
            for resource in listed(item.get("Resource", []))
            if not re.fullmatch(r"\*|arn:[a-z-]+:[a-z0-9-]+:[a-z0-9*-]*:[0-9*]*:.+", resource)
        )
        yield from (f"has {name}" for name in item.get("Condition", {}) if not _OPERATOR.fullmatch(name))


def _first(found: Iterator[str]) -> str | None:
    try:
        return next(found, None)
    except ValueError as error:
        return f"is no JSON: {error}"


@about("events PutRule EventPattern")
def event_pattern(value: str) -> str | None:
    """Grammar. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html."""
    return _first(_pattern(json.loads(value)))


def _pattern(found: Any) -> Iterator[str]:
    if not isinstance(found, dict) or not found:
        yield f"has {json.dumps(found)} where a pattern must be an object"
        return
    for name, inner in found.items():
        if name == "$or":
            for choice in listed(inner):
                yield from _pattern(choice)
        elif isinstance(inner, dict):
            yield from _pattern(inner)
        elif not isinstance(inner, list) or not inner:
            yield f"has {name} without a list of values"
        else:
            yield from (f"has the filter {item} of {name}" for item in inner if not _is_filter(item))


def _is_filter(item: Any) -> bool:
    if isinstance(item, dict):
        return len(item) == 1 and set(item) <= _FILTERS
    return not isinstance(item, list)


@about("cloudwatch PutDashboard DashboardBody")
def dashboard_body(value: str) -> str | None:
    """Structure. https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html."""
    return _first(_widgets(json.loads(value)["widgets"]))


def _widgets(widgets: list[dict[str, Any]]) -> Iterator[str]:
    if len(widgets) > 500:
        yield "has more than 500 widgets"
    for widget in widgets:
        if widget.get("type") not in {"metric", "text", "log", "alarm", "explorer", "custom"}:
            yield f"has a widget of the type {widget.get('type')}"
        if widget.get("x", 0) + widget.get("width", 6) > 24:
            yield "has a widget beyond the 24 columns"


@about("ecr PutLifecyclePolicy lifecyclePolicyText")
def image_lifecycle(value: str) -> str | None:
    """Rules. https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html."""
    rules = json.loads(value)["rules"]
    priorities = [rule["rulePriority"] for rule in rules]
    if len(set(priorities)) < len(priorities):
        return "has two rules of one priority"
    wrong = [
        rule["rulePriority"]
        for rule in rules
        if rule["action"] != {"type": "expire"}
        or rule["selection"]["tagStatus"] not in {"tagged", "untagged", "any"}
        or rule["selection"]["countType"] not in {"imageCountMoreThan", "sinceImagePushed"}
        or ("countUnit" in rule["selection"]) != (rule["selection"]["countType"] == "sinceImagePushed")
        or (rule["selection"]["tagStatus"] == "tagged")
        != bool(set(rule["selection"]) & {"tagPrefixList", "tagPatternList"})
    ]
    return f"has wrong rules {wrong}" if wrong else None
