"""Rights that AWS's services need in the policies of keys, buckets, topics, queues and roles."""

import json
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase

from planned_members import Resource
from support.aws_documents import listed, statements
from support.aws_requests import Violation

REGION = "af-south-1"
RULES: list[Callable[[list[Resource]], Iterator[Violation]]] = []


def rule(
    function: Callable[[list[Resource]], Iterator[Violation]],
) -> Callable[[list[Resource]], Iterator[Violation]]:
    """Register a rule about the resources of one root."""
    RULES.append(function)
    return function


def unlawful(found: list[Resource]) -> Iterator[Violation]:
    """Yield what a service of AWS would be denied, root by root."""
    for root in sorted({resource.root for resource in found}):
        for each in RULES:
            yield from each([resource for resource in found if resource.root == root])


def lacking(policy: str, service: str, actions: list[str], resource: str = "*") -> list[str]:
    """Return the actions that no statement allows the service; conditions are taken to hold."""
    allowed = [
        item
        for item in statements(policy)
        if item["Effect"] == "Allow" and service in listed(item.get("Principal", {}).get("Service", []))
    ]
    return [
        action
        for action in actions
        if not any(
            _covers(item["Action"], action) and _covers(item["Resource"], resource) for item in allowed
        )
    ]


def _covers(given: str | list[str], wanted: str) -> bool:
    return any(fnmatchcase(wanted, pattern) for pattern in listed(given))


def _of(found: list[Resource], kind: str) -> list[Resource]:
    return [resource for resource in found if resource.kind == kind]


def _key_lacks(
    found: list[Resource], user: Resource, service: str, actions: list[str]
) -> Iterator[Violation]:
    """Yield what the root's key denies the service that uses it for a resource."""
    for key in _of(found, "aws_kms_key"):
        if key.values["key_usage"] == "SIGN_VERIFY":
            continue
        missing = lacking(key.values["policy"], service, actions)
        if missing:
            yield Violation(key.address, f"{service} for {user.address}", f"lacks {', '.join(missing)}")


@rule
def key_of_log_groups(found: list[Resource]) -> Iterator[Violation]:
    """Key. https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html."""
    actions = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:GenerateDataKey", "kms:DescribeKey"]
    for group in _of(found, "aws_cloudwatch_log_group"):
        if group.values["kms_key_id"]:
            yield from _key_lacks(found, group, f"logs.{REGION}.amazonaws.com", actions)


@rule
def key_of_trails(found: list[Resource]) -> Iterator[Violation]:
    """Key. https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html."""
    for trail in _of(found, "aws_cloudtrail"):
        encryption = _encryption(found, trail.values["s3_bucket_name"])
        decrypt = ["kms:Decrypt"] if encryption.get("bucket_key_enabled") else []
        if trail.values["kms_key_id"]:
            actions = ["kms:DescribeKey", "kms:GenerateDataKey", *decrypt]
            yield from _key_lacks(found, trail, "cloudtrail.amazonaws.com", actions)


@rule
def key_of_topics(found: list[Resource]) -> Iterator[Violation]:
    """Key. https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html."""
    for topic in _of(found, "aws_sns_topic"):
        for service in _publishers(found, topic) if topic.values["kms_master_key_id"] else ():
            yield from _key_lacks(found, topic, service, ["kms:Decrypt", "kms:GenerateDataKey"])


@rule
def key_of_queues(found: list[Resource]) -> Iterator[Violation]:
    """Key. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html."""
    for queue in _of(found, "aws_sqs_queue"):
        if queue.values["kms_master_key_id"] and _targets(found, f":sqs:{REGION}:", queue.values["name"]):
            yield from _key_lacks(
                found, queue, "events.amazonaws.com", ["kms:Decrypt", "kms:GenerateDataKey"]
            )


@rule
def policy_of_topics(found: list[Resource]) -> Iterator[Violation]:
    """Publishers. https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html."""
    for topic in _of(found, "aws_sns_topic"):
        policies = [item for item in _of(found, "aws_sns_topic_policy") if _names(item.values["arn"], topic)]
        for service in _publishers(found, topic):
            if not any(
                not lacking(p.values["policy"], service, ["sns:Publish"], p.values["arn"]) for p in policies
            ):
                yield Violation(topic.address, service, "may not publish to the topic")


@rule
def policy_of_queues(found: list[Resource]) -> Iterator[Violation]:
    """Senders. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html."""
    for queue in _of(found, "aws_sqs_queue"):
        policies = [item for item in _of(found, "aws_sqs_queue_policy") if item.module == queue.module]
        for arn in _targets(found, f":sqs:{REGION}:", queue.values["name"]):
            allowed = [
                item
                for item in policies
                if not lacking(item.values["policy"], "events.amazonaws.com", ["sqs:SendMessage"], arn)
            ]
            if not allowed:
                yield Violation(queue.address, "events.amazonaws.com", "may not send to the queue")


@rule
def bucket_of_trails(found: list[Resource]) -> Iterator[Violation]:
    """Policy.

    Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html.
    Of the page's condition bucket-owner-full-control the check is that no other list is demanded.
    """
    for trail in _of(found, "aws_cloudtrail"):
        bucket = f"arn:aws:s3:::{trail.values['s3_bucket_name']}"
        objects = f"{bucket}/AWSLogs/123456789012/CloudTrail/{REGION}/2026/01/01/record.json.gz"
        for action, resource in {"s3:GetBucketAcl": bucket, "s3:PutObject": objects}.items():
            if not _bucket_allows(found, "cloudtrail.amazonaws.com", action, resource):
                yield Violation(trail.address, "cloudtrail.amazonaws.com", f"lacks {action} on {resource}")
        for item in _bucket_policy(found, bucket):
            demanded = item.get("Condition", {}).get("StringEquals", {}).get("s3:x-amz-acl")
            if demanded not in (None, "bucket-owner-full-control"):
                yield Violation(
                    trail.address, "s3:x-amz-acl", f"must be {demanded}, which CloudTrail does not send"
                )


@rule
def bucket_of_access_logs(found: list[Resource]) -> Iterator[Violation]:
    """Policy and S3's own key.

    Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html.
    """
    for balancer in _of(found, "aws_lb"):
        for logs in balancer.values["access_logs"] or []:
            prefix = "/".join(filter(None, (logs["bucket"], logs["prefix"])))
            objects = (
                f"arn:aws:s3:::{prefix}/AWSLogs/123456789012/elasticloadbalancing/{REGION}/record.log.gz"
            )
            service = "logdelivery.elasticloadbalancing.amazonaws.com"
            if logs["enabled"] and not _bucket_allows(found, service, "s3:PutObject", objects):
                yield Violation(balancer.address, service, f"lacks s3:PutObject on {objects}")
            defaults = _encryption(found, logs["bucket"]).get("apply_server_side_encryption_by_default", [])
            if any(item["sse_algorithm"] != "AES256" for item in defaults):
                yield Violation(balancer.address, logs["bucket"], "has another key than S3's own")


@rule
def role_of_flow_logs(found: list[Resource]) -> Iterator[Violation]:
    """Role. https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html."""
    verbs = ("CreateLogGroup", "CreateLogStream", "PutLogEvents", "DescribeLogGroups", "DescribeLogStreams")
    for flow in _of(found, "aws_flow_log"):
        role = str(flow.values["iam_role_arn"]).rpartition("/")[2]
        given = [
            action
            for policy in _of(found, "aws_iam_role_policy")
            if policy.values["role"] == role
            for item in statements(policy.values["policy"])
            for action in listed(item["Action"])
        ]
        missing = [verb for verb in verbs if not _covers(given, f"logs:{verb}")]
        if missing:
            yield Violation(flow.address, role, f"lacks {', '.join(missing)}")


@rule
def trail_of_events(found: list[Resource]) -> Iterator[Violation]:
    """Trail. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html."""
    for item in _of(found, "aws_cloudwatch_event_rule"):
        told = json.loads(item.values["event_pattern"] or "{}").get("detail-type", [])
        if any(name.endswith("via CloudTrail") for name in told) and not _of(found, "aws_cloudtrail"):
            yield Violation(item.address, "trail_of_events", "hears of API calls, but the root has no trail")


@rule
def log_groups_of_databases(found: list[Resource]) -> Iterator[Violation]:
    """RDS makes a group without end or key where there is none.

    Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.Procedural.UploadtoCloudWatch.html.
    """
    groups = {group.values["name"] for group in _of(found, "aws_cloudwatch_log_group")}
    for instance in _of(found, "aws_db_instance"):
        for name in instance.values["enabled_cloudwatch_logs_exports"] or []:
            group = f"/aws/rds/instance/{instance.values['identifier']}/{name}"
            if group not in groups:
                yield Violation(instance.address, group, "is made by RDS, without end and without the key")


def _encryption(found: list[Resource], bucket: str) -> dict[str, object]:
    kind = "aws_s3_bucket_server_side_encryption_configuration"
    rules = [item.values["rule"][0] for item in _of(found, kind) if item.values["bucket"] == bucket]
    return rules[0] if rules else {}


def _bucket_policy(found: list[Resource], bucket: str) -> list[dict[str, dict[str, dict[str, str]]]]:
    name = bucket.rpartition(":")[2]
    policies = [item for item in _of(found, "aws_s3_bucket_policy") if item.values["bucket"] == name]
    return [statement for item in policies for statement in statements(item.values["policy"])]


def _bucket_allows(found: list[Resource], service: str, action: str, resource: str) -> bool:
    given = json.dumps({"Statement": _bucket_policy(found, resource.partition("/")[0])})
    return not lacking(given, service, [action], resource)


def _targets(found: list[Resource], service: str, name: str) -> list[str]:
    arns = [str(item.values["arn"]) for item in _of(found, "aws_cloudwatch_event_target")]
    return [arn for arn in arns if service in arn and arn.endswith(f":{name}")]


def _names(arn: str, topic: Resource) -> bool:
    return arn.endswith(f":{topic.values['name']}")


def _publishers(found: list[Resource], topic: Resource) -> Iterator[str]:
    alarms = _of(found, "aws_cloudwatch_metric_alarm")
    if any(_names(arn, topic) for alarm in alarms for arn in alarm.values["alarm_actions"] or []):
        yield "cloudwatch.amazonaws.com"
    if _targets(found, f":sns:{REGION}:", topic.values["name"]):
        yield "events.amazonaws.com"
