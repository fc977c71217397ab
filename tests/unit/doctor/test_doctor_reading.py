"""The whole table, from an account's answers."""

import json
from typing import Any

import pytest
from doctor_account import ACCOUNT, NOW, REGION, PaperAccess, alarm, lines, quota, short, sizes, tags

from pipeline.doctor.read_names import read_delegation
from pipeline.live import LiveEnvironment

ARN = f"arn:aws:ecs:{REGION}:{ACCOUNT}"
LB = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:vimbiso-pay/staging/app-AbCdEf"
OURS = {"Application": "vimbiso-pay", "Environment": "staging"}


def test_a_fresh_account_takes_everything(live: LiveEnvironment, access: PaperAccess) -> None:
    """Names are free, there is room, a zone lacks; what is made on the way is a SKIP. Nothing is written."""
    found = lines(live, sizes(cloudtrail=True))
    assert {name for name, item in found.items() if item.status == "NG"} == {"hosted zone"}
    free = [name for name, item in found.items() if item.seen == "free"]
    assert len(free) == 15
    assert found["quota: VPCs"].seen == "1 needed at most, 1 used by others, 100 allowed"
    asked = {operation.partition(".")[2] for operation in access.asked}
    assert [name for name in asked if not name.startswith(("Describe", "Get", "Head", "List"))] == []


MINE, OTHER = tags(**OURS), tags(Application="vimbiso-pay", Environment="production")
USED = {
    "service-quotas.GetServiceQuota": "NoSuchResourceException",
    "service-quotas.GetAWSDefaultServiceQuota": quota(5),
    "ec2.DescribeAddresses": {"Addresses": [{"Tags": MINE}, {"Tags": OTHER}, {}]},
    "ec2.DescribeVpcs": {"Vpcs": [{"Tags": MINE}, {"Tags": OTHER}]},
    "ec2.DescribeSubnets": {
        "Subnets": [
            {"SubnetId": "s1", "AvailabilityZone": "af-south-1a"},
            {"SubnetId": "s2", "AvailabilityZone": "af-south-1a"},
            {"SubnetId": "s3", "AvailabilityZone": "af-south-1b"},
        ]
    },
    "ec2.DescribeNatGateways": {
        "NatGateways": [
            {"SubnetId": "s1"},
            {"SubnetId": "s2", "Tags": OTHER},
            {"SubnetId": "s3"},
            {"SubnetId": "s1", "Tags": MINE},
        ]
    },
    "ecs.ListClusters": {
        "clusterArns": [f"{ARN}:cluster/vimbiso-pay-cluster-staging", f"{ARN}:cluster/other"]
    },
    "ecs.ListTasks": {"taskArns": [f"{ARN}:task/other/{number}" for number in range(3)]},
    "ecs.DescribeTasks": {
        "tasks": [
            {"cpu": "512", "launchType": "FARGATE"},
            {"cpu": "2048", "capacityProviderName": "FARGATE"},
            {"cpu": "4096", "launchType": "EC2"},
            {"cpu": "4096", "launchType": "FARGATE", "capacityProviderName": "FARGATE_SPOT"},
        ]
    },
}


def test_what_others_use_is_counted(live: LiveEnvironment, access: PaperAccess) -> None:
    """This environment's own things are part of its need; tasks on EC2 are no Fargate's."""
    access.answers.update(USED)
    found = short(lines(live, sizes(autoscaling=None)))
    assert found["quota: Fargate vCPUs"] == "NG 6 needed at most, 2.5 used by others, 5 allowed"
    assert found["quota: Elastic IPs"] == "OK 2 needed at most, 2 used by others, 5 allowed"
    assert found["quota: VPCs"] == "OK 1 needed at most, 1 used by others, 5 allowed"
    assert found["quota: NAT gateways in a zone"] == "OK 1 needed at most, 2 used by others, 5 allowed"
    assert found["quota: rules in a security group"] == "OK 3 needed at most, 0 used by others, 5 allowed"


LIVING = {
    "ecr.DescribeRepositories": {
        "repositories": [{"repositoryArn": f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/x"}]
    },
    "ecr.ListTagsForResource": {"tags": tags(**OURS)},
    "logs.DescribeLogGroups": {
        "logGroups": [
            {"logGroupName": "/ecs/vimbiso-pay-staging-old", "arn": "arn:other:*"},
            {"logGroupName": "/ecs/vimbiso-pay-staging", "arn": "arn:aws:logs:x:1:log-group:/ecs/x:*"},
        ]
    },
    "logs.ListTagsForResource": {"tags": OURS},
    "ecs.DescribeClusters": {
        "clusters": [
            {"status": "ACTIVE", "tags": [{"key": key, "value": value} for key, value in OURS.items()]}
        ]
    },
    "ecs.DescribeServices": {"services": [{"status": "ACTIVE"}]},
    "s3.HeadBucket": {},
    "s3.GetBucketTagging": "NoSuchTagSet",
    "secretsmanager.DescribeSecret": {"ARN": SECRET, "Tags": tags(**OURS), "DeletedDate": NOW},
    "elbv2.DescribeLoadBalancers": {"LoadBalancers": [{"LoadBalancerArn": f"{LB}:loadbalancer/app/x/1"}]},
    "elbv2.DescribeTargetGroups": {"TargetGroups": [{"TargetGroupArn": f"{LB}:targetgroup/x/1"}]},
    "elbv2.DescribeTags": {
        "TagDescriptions": [{"ResourceArn": f"{LB}:x", "Tags": tags(Environment="other")}]
    },
    "ssm.GetParameter": {"Parameter": {"Name": "/x", "Value": "{}"}},
    "ssm.ListTagsForResource": {"TagList": tags(**OURS)},
    "iam.GetRole": {
        "Role": {
            "Path": "/",
            "RoleName": "x" * 20,
            "RoleId": "AROA0123456789012",
            "Arn": f"arn:aws:iam::{ACCOUNT}:role/xxxxxxxx",
            "CreateDate": NOW,
            "Tags": tags(**OURS),
        }
    },
}
ADOPT = "Adopt it (terraform import "
BY_FLOW = "Adopt it (deploy-infrastructure with adopt"


@pytest.mark.parametrize(
    ("name", "whose", "then"),
    [
        ("repository vimbiso-pay-staging", "Environment=staging", BY_FLOW),
        ("log group /ecs/vimbiso-pay-staging", "Environment=staging", BY_FLOW),
        ("cluster vimbiso-pay-cluster-staging", "Environment=staging", BY_FLOW),
        (
            "service vimbiso-pay-cluster-staging/vimbiso-pay-service-staging",
            "without tags",
            "Give this one another name",
        ),
        (f"bucket vimbiso-pay-staging-backups-{ACCOUNT}", "without tags", f"{ADOPT}module.backup_bucket"),
        (
            "secret vimbiso-pay/staging/app",
            "scheduled for deletion, tagged",
            "deploy-infrastructure brings it back",
        ),
        ("load balancer vimbiso-pay-staging", "Environment=other", "It is another environment's"),
        ("target group vimbiso-pay-staging", "Environment=other", "It is another environment's"),
        ("parameter /vimbiso-pay/staging/pipeline", "Environment=staging", f"{ADOPT}aws_ssm_parameter.outp"),
        ("role vimbiso-pay-staging-task", "Environment=staging", f"{ADOPT}module.roles.aws_iam_role.task"),
    ],
)
def test_what_has_a_name_is_found_with_its_tags(
    name: str, whose: str, then: str, live: LiveEnvironment, access: PaperAccess
) -> None:
    """Of every kind that Terraform cannot make twice."""
    access.answers.update(LIVING)
    line = lines(live)[name]
    assert line.status == "NG"
    assert whose in line.seen
    assert line.next.startswith(then)


def test_what_the_state_holds_is_this_environments_own(live: LiveEnvironment, access: PaperAccess) -> None:
    """By its address in the state, whatever its tags say; what ECS keeps of a deleted cluster has no name."""
    state = {
        "resources": [
            {
                "module": "module.registry",
                "mode": "managed",
                "type": "aws_ecr_repository",
                "name": "this",
                "instances": [{}],
            }
        ]
    }
    access.answers.update(LIVING)
    access.answers["s3.GetObject"] = _object(json.dumps(state).encode())
    access.answers["ecs.DescribeClusters"] = {"clusters": [{"status": "INACTIVE"}]}
    found = short(lines(live))
    assert found["repository vimbiso-pay-staging"] == "OK there, and in the state"
    assert found["cluster vimbiso-pay-cluster-staging"] == "OK free"


@pytest.mark.parametrize("status", ["301", "403"])
def test_a_bucket_may_be_another_accounts(status: str, live: LiveEnvironment, access: PaperAccess) -> None:
    """Names of buckets are the whole world's, in whatever region."""
    access.answers["s3.HeadBucket"] = status
    found = short(lines(live))[f"bucket vimbiso-pay-staging-backups-{ACCOUNT}"]
    assert found == "NG another account's, or closed to these credentials"


class _Body:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def read(self, *_: int) -> bytes:
        return self._body


def _object(body: bytes) -> dict[str, Any]:
    return {"Body": _Body(body), "ETag": '"x"', "LastModified": NOW, "VersionId": "1"}


TRAIL = {"TrailARN": f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/x"}
STANDING = {
    "iam.GetRole": LIVING["iam.GetRole"],
    "cloudtrail.DescribeTrails": {
        "trailList": [
            {**TRAIL, "Name": "elsewhere", "HomeRegion": "eu-west-1"},
            {**TRAIL, "Name": "everywhere", "HomeRegion": "eu-west-1", "IsMultiRegionTrail": True},
        ]
    },
    "cloudtrail.GetTrailStatus": {"IsLogging": True},
    "ecr.GetRegistryScanningConfiguration": {
        "scanningConfiguration": {
            "scanType": "ENHANCED",
            "rules": [
                {
                    "scanFrequency": "CONTINUOUS_SCAN",
                    "repositoryFilters": [{"filter": "other", "filterType": "WILDCARD"}],
                }
            ],
        }
    },
    "cloudwatch.DescribeAlarms": {"MetricAlarms": [alarm("a", 60, 3), alarm("b", 60, 5)]},
    "secretsmanager.DescribeSecret": {
        "ARN": SECRET,
        "VersionIdsToStages": {"1" * 32: ["AWSCURRENT"]},
    },
    "secretsmanager.GetSecretValue": {
        "ARN": SECRET,
        "VersionId": "1" * 32,
        "CreatedDate": NOW,
        "SecretString": '{"DJANGO_SECRET": "hush", "CLIENT_API_KEY": ""}',
    },
    "sns.ListSubscriptionsByTopic": {
        "Subscriptions": [
            {"SubscriptionArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:x:1"},
            {"SubscriptionArn": "PendingConfirmation"},
        ]
    },
    "elasticache.DescribeReservedCacheNodesOfferings": {"ReservedCacheNodesOfferings": []},
}


def test_services_are_read_as_they_stand(live: LiveEnvironment, access: PaperAccess) -> None:
    """Roles, trails of this region alone, alarms, keys by name, and who has confirmed."""
    access.answers.update(STANDING)
    table = lines(live)
    found = short(table)
    assert found["role AWSServiceRoleForECS"] == "OK there"
    assert found["trail"] == "OK everywhere logs"
    assert found["image scanning"].startswith("NG ENHANCED, and no rule covers vimbiso-pay-staging")
    assert found["bake time"] == "OK about 5 of a rollout's 15 minutes"
    assert found["secret keys"].startswith("NG without a value: CLIENT_API_KEY, MYCREDEX_APP_URL")
    assert "hush" not in str(table)
    assert found["alerts"] == "NG 1 of 2 subscribers confirmed"
    assert found["shared Redis"] == "NG not offered here: cache.t4g.small"


def test_the_delegation_is_that_of_the_zone_that_counts(
    live: LiveEnvironment, access: PaperAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The nearest public one, or the one that is named; DNS writes names with a dot, in any case."""
    asked: list[tuple[str, ...]] = []

    def lookup(*words: str) -> tuple[str, ...]:
        asked.append(words)
        return ("NS-1.awsdns.test.",)

    def zone(id_: str, name: str, **config: Any) -> dict[str, Any]:
        return {"Id": f"/hostedzone/{id_}", "Name": name, "CallerReference": "x", "Config": config}

    monkeypatch.setattr("pipeline.doctor.read_names.lookup_records", lookup)
    zones = [
        zone("Z1", "mycredex.dev."),
        zone("Z2", "stage.mycredex.dev."),
        zone("Z3", "stage.mycredex.dev.", PrivateZone=True),
    ]
    access.answers.update(
        {
            "route53.ListHostedZones": {
                "HostedZones": zones,
                "Marker": "",
                "IsTruncated": False,
                "MaxItems": "100",
            },
            "route53.GetHostedZone": {
                "HostedZone": zones[1],
                "DelegationSet": {"NameServers": ["ns-1.awsdns.test"]},
            },
        }
    )
    own = frozenset({"ns-1.awsdns.test"})
    assert read_delegation(access, "stage.mycredex.dev", None) == ("stage.mycredex.dev", own, own)
    assert read_delegation(access, "stage.mycredex.dev", "Z1")[0] == "mycredex.dev"
    assert read_delegation(access, None, None) == ("", frozenset(), None)
    assert asked == [("stage.mycredex.dev", "NS"), ("mycredex.dev", "NS")]
    found = short(lines(live))
    assert found["hosted zone"] == "OK Z2 is stage.mycredex.dev"
    assert found["delegation"] == "OK stage.mycredex.dev is delegated to its zone"
