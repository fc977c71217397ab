"""Rules that AWS documents and its models lack, by the member that each is about.

A rule says what is wrong with a value, or None.
"""

import ipaddress
import json
import re
from collections.abc import Callable
from typing import Any

Rule = Callable[[Any], str | None]
RULES: dict[str, list[Rule]] = {}

_INGRESS, _EGRESS = "ec2 AuthorizeSecurityGroupIngress", "ec2 AuthorizeSecurityGroupEgress"


def about(*members: str) -> Callable[[Rule], Rule]:
    """Register a rule for these members: ``service Operation Path``."""

    def register(rule: Rule) -> Rule:
        for name in members:
            RULES.setdefault(name, []).append(rule)
        return rule

    return register


def _unless(right: object, rule: str) -> str | None:
    return None if right else rule


@about(
    "ec2 CreateSecurityGroup Description",
    "ec2 CreateSecurityGroup GroupName",
    f"{_INGRESS} IpPermissions.IpRanges.Description",
    f"{_INGRESS} IpPermissions.UserIdGroupPairs.Description",
    f"{_EGRESS} IpPermissions.IpRanges.Description",
    f"{_EGRESS} IpPermissions.UserIdGroupPairs.Description",
)
def security_group_text(value: str) -> str | None:
    """Text of security groups. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html."""
    right = re.fullmatch(r"(?!sg-)[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}", value)
    return _unless(right, "is more than 255 characters, or others than a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*")


@about(f"{_INGRESS} IpPermissions.FromPort", f"{_INGRESS} IpPermissions.ToPort")
@about(f"{_EGRESS} IpPermissions.FromPort", f"{_EGRESS} IpPermissions.ToPort")
def port(value: int) -> str | None:
    """Ports. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html."""
    return _unless(-1 <= value <= 65535, "is no port, nor -1 for all")


@about("ec2 CreateVpc CidrBlock", "ec2 CreateSubnet CidrBlock")
def network_range(value: str) -> str | None:
    """Ranges of VPCs and subnets. https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html."""
    try:
        return _unless(16 <= ipaddress.ip_network(value).prefixlen <= 28, "is not between /16 and /28")
    except ValueError as error:
        return f"is no range: {error}"


@about("ec2 CreateFlowLogs MaxAggregationInterval")
def flow_log_interval(value: int) -> str | None:
    """Seconds. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFlowLogs.html."""
    return _unless(value in {60, 600}, "is neither 60 nor 600")


@about("elbv2 CreateLoadBalancer Name")
def balancer_name(value: str) -> str | None:
    """Name. https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html."""
    return target_group_name(value) or _unless(not value.startswith("internal-"), "begins with internal-")


@about("elbv2 CreateTargetGroup Name")
def target_group_name(value: str) -> str | None:
    """Name. https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html."""
    right = re.fullmatch(r"(?!-)[a-zA-Z0-9-]{1,32}(?<!-)", value)
    return _unless(right, "is not 1 to 32 letters, digits and inner hyphens")


@about("elbv2 CreateTargetGroup Matcher.HttpCode", "elbv2 ModifyTargetGroup Matcher.HttpCode")
def health_codes(value: str) -> str | None:
    """Codes. https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Matcher.html."""
    codes = [int(code) for code in re.split("[,-]", value) if code.isdigit()]
    right = re.fullmatch(r"\d{3}(-\d{3})?(,\d{3}(-\d{3})?)*", value) and all(
        200 <= code <= 499 for code in codes
    )
    return _unless(right, "is no list of codes and ranges between 200 and 499")


@about("elbv2 CreateListener DefaultActions.FixedResponseConfig.ContentType")
def fixed_content_type(value: str) -> str | None:
    """Type. https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_FixedResponseActionConfig.html."""
    known = {"text/plain", "text/css", "text/html", "application/javascript", "application/json"}
    return _unless(value in known, f"is none of {', '.join(sorted(known))}")


_RETENTIONS = {
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
}


@about("logs PutRetentionPolicy retentionInDays")
def log_retention(value: int) -> str | None:
    """Days. https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html."""
    return _unless(value in _RETENTIONS, f"is none of {sorted(_RETENTIONS)}")


@about("cloudwatch PutMetricData Namespace", "logs PutMetricFilter metricTransformations.metricNamespace")
def metric_namespace(value: str) -> str | None:
    """Own. https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html."""
    return _unless(re.fullmatch(r"(?!AWS/)[\x20-\x7e]{1,255}", value), "is not ASCII, or begins with AWS/")


@about("cloudwatch PutMetricAlarm Period")
def alarm_period(value: int) -> str | None:
    """Seconds. https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html."""
    return _unless(value in {10, 20, 30} or value % 60 == 0, "is not 10, 20, 30 or a multiple of 60")


@about("cloudwatch PutDashboard DashboardName")
def dashboard_name(value: str) -> str | None:
    """Name. https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html."""
    return _unless(re.fullmatch(r"[A-Za-z0-9_-]{1,255}", value), "is not 255 of A-Z, a-z, 0-9, - and _")


@about("s3 CreateBucket Bucket")
def bucket_name(value: str) -> str | None:
    """Name. https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html."""
    right = re.fullmatch(r"(?!xn--|sthree-|amzn-s3-demo-)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", value)
    ends = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
    address = re.fullmatch(r"\d+(\.\d+){3}", value)
    return _unless(
        right and ".." not in value and not address and not value.endswith(ends), "is no bucket name"
    )


@about("ecs CreateCluster clusterName", "ecs CreateService serviceName", "ecs RegisterTaskDefinition family")
@about("ecs RegisterTaskDefinition containerDefinitions.name", "ecs RegisterTaskDefinition volumes.name")
def ecs_name(value: str) -> str | None:
    """Name. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html."""
    return _unless(re.fullmatch(r"[a-zA-Z0-9_-]{1,255}", value), "is not 255 letters, digits, - and _")


@about("ecs RunTask startedBy")
def started_by(value: str) -> str | None:
    """Mark. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html."""
    return _unless(re.fullmatch(r"[a-zA-Z0-9_/-]{0,128}", value), "is not 128 letters, digits, -, / and _")


@about("ecs RunTask overrides")
def overrides_size(value: dict[str, Any]) -> str | None:
    """8,192 with JSON's own. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html."""
    size = len(json.dumps(value, separators=(",", ":"), default=str))
    return _unless(size <= 8192, f"has {size} characters, more than 8192")


@about("secretsmanager CreateSecret Name")
def secret_name(value: str) -> str | None:
    """Name. https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html."""
    right = re.fullmatch(r"[A-Za-z0-9/_+=.@-]{1,512}", value) and not re.search(r"-[A-Za-z0-9]{6}$", value)
    return _unless(right, "is not of A-Za-z0-9/_+=.@-, or ends with a hyphen and six characters")


@about("ssm PutParameter Name")
def parameter_name(value: str) -> str | None:
    """Name. https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html."""
    right = re.fullmatch(r"(?!/?(aws|ssm))[a-zA-Z0-9_./-]{1,1011}", value, re.IGNORECASE)
    return _unless(right and value.count("/") <= 15, "begins with aws or ssm, or is not of a-zA-Z0-9_.-/")


@about("rds CreateDBInstance DBInstanceIdentifier")
def database_identifier(value: str) -> str | None:
    """Name. https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html."""
    right = re.fullmatch(r"[a-zA-Z](-?[a-zA-Z0-9])*", value) and len(value) <= 63
    return _unless(right, "is not 63 letters, digits and single inner hyphens after a letter")


@about("rds DeleteDBInstance FinalDBSnapshotIdentifier")
def snapshot_identifier(value: str) -> str | None:
    """Name. https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBInstance.html."""
    right = re.fullmatch(r"[a-zA-Z](-?[a-zA-Z0-9])*", value) and len(value) <= 255
    return _unless(right, "is not 255 letters, digits and single inner hyphens after a letter")


@about("rds CreateDBInstance DBName", "rds CreateDBInstance MasterUsername")
def postgres_name(value: str) -> str | None:
    """Name. https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html."""
    right = re.fullmatch(r"[a-zA-Z][a-zA-Z0-9_]{0,15}", value) and value not in {
        "admin",
        "postgres",
        "rdsadmin",
    }
    return _unless(right, "is reserved, or not 16 letters, digits and underscores after a letter")


@about("rds CreateDBInstance MonitoringInterval")
def monitoring_interval(value: int) -> str | None:
    """Seconds. https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html."""
    return _unless(value in {0, 1, 5, 10, 15, 30, 60}, "is none of 0, 1, 5, 10, 15, 30, 60")


@about("rds CreateDBInstance BackupRetentionPeriod")
def backup_days(value: int) -> str | None:
    """Days. https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html."""
    return _unless(0 <= value <= 35, "is not between 0 and 35")


@about("elasticache CreateReplicationGroup ReplicationGroupId")
def replication_group_id(value: str) -> str | None:
    """Name. https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateReplicationGroup.html."""
    right = re.fullmatch(r"[a-zA-Z](-?[a-zA-Z0-9])*", value) and len(value) <= 40
    return _unless(right, "is not 40 letters, digits and single inner hyphens after a letter")


@about("kms CreateAlias AliasName")
def key_alias(value: str) -> str | None:
    """Name. https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html."""
    return _unless(
        re.fullmatch(r"alias/(?!aws/)[a-zA-Z0-9/_-]+", value), "is reserved, or not of a-zA-Z0-9/_-"
    )


@about("sns CreateTopic Name")
def topic_name(value: str) -> str | None:
    """Name. https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html."""
    return _unless(
        re.fullmatch(r"[a-zA-Z0-9_-]{1,256}(\.fifo)?", value), "is not 256 letters, digits, - and _"
    )


@about("sqs CreateQueue QueueName")
def queue_name(value: str) -> str | None:
    """Name. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html."""
    return _unless(re.fullmatch(r"[a-zA-Z0-9_-]{1,80}(\.fifo)?", value), "is not 80 letters, digits, - and _")
