"""What AWS does not tell is a line that says why."""

from dataclasses import replace

import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.parsers import ResponseParserError
from doctor_account import ACCOUNT, REGION, PaperAccess, lines, short
from support.live import live_environment

from pipeline.aws.errors import AwsError
from pipeline.doctor.model import DoctorLine
from pipeline.live import LiveEnvironment

QUESTIONS = {
    "ec2.DescribeRegions": {"region"},
    "service-quotas.GetServiceQuota": {
        "quota: Fargate vCPUs",
        "quota: Elastic IPs",
        "quota: VPCs",
        "quota: NAT gateways in a zone",
        "quota: rules in a security group",
    },
    "ecs.ListClusters": {"quota: Fargate vCPUs"},
    "ec2.DescribeAddresses": {"quota: Elastic IPs"},
    "ec2.DescribeVpcs": {"quota: VPCs"},
    "ec2.DescribeNatGateways": {"quota: NAT gateways in a zone"},
    "ec2.DescribeSubnets": {"quota: NAT gateways in a zone"},
    "ecr.DescribeRepositories": {"repository vimbiso-pay-staging"},
    "logs.DescribeLogGroups": {"log group /ecs/vimbiso-pay-staging"},
    "ecs.DescribeClusters": {"cluster vimbiso-pay-cluster-staging"},
    "ecs.DescribeServices": {"service vimbiso-pay-cluster-staging/vimbiso-pay-service-staging"},
    "s3.HeadBucket": {
        f"bucket vimbiso-pay-staging-{name}-{ACCOUNT}" for name in ("backups", "log-archive", "access-logs")
    },
    "secretsmanager.DescribeSecret": {"secret vimbiso-pay/staging/app", "secret keys"},
    "elbv2.DescribeLoadBalancers": {"load balancer vimbiso-pay-staging"},
    "elbv2.DescribeTargetGroups": {"target group vimbiso-pay-staging"},
    "ssm.GetParameter": {"parameter /vimbiso-pay/staging/pipeline"},
    "iam.GetRole": {
        *(f"role vimbiso-pay-staging-{name}" for name in ("execution", "task", "pipeline-worker")),
        "role AWSServiceRoleForECS",
        "role AWSServiceRoleForElasticLoadBalancing",
        "role AWSServiceRoleForApplicationAutoScaling_ECSService",
        "role AWSServiceRoleForElastiCache",
    },
    "route53.ListHostedZones": {"hosted zone", "delegation"},
    "cloudtrail.DescribeTrails": {"trail"},
    "ecr.GetRegistryScanningConfiguration": {"image scanning"},
    "cloudwatch.DescribeAlarms": {"bake time"},
    "sns.ListSubscriptionsByTopic": {"alerts"},
    "elasticache.DescribeReservedCacheNodesOfferings": {"shared Redis"},
    "elasticache.DescribeCacheEngineVersions": {"shared Redis"},
}


@pytest.fixture(scope="module")
def well() -> dict[str, DoctorLine]:
    """The table of a fresh account."""
    access = PaperAccess(REGION, access_key_id="well", secret_access_key="well")
    return lines(live_environment(access, account_id=ACCOUNT))


@pytest.mark.parametrize("operation", QUESTIONS)
def test_a_refusal_is_a_line_that_says_so(
    operation: str, live: LiveEnvironment, access: PaperAccess, well: dict[str, DoctorLine]
) -> None:
    """What AWS does not tell is SKIP with the words; the other lines stay as they are."""
    access.answers[operation] = "AccessDeniedException"
    found = lines(live)
    for name in QUESTIONS[operation]:
        assert found[name].status == "SKIP"
        assert "lacks this permission" in found[name].seen
    others = found.keys() - QUESTIONS[operation]
    assert {name: found[name] for name in others} == {name: well[name] for name in others}


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("AccessDeniedException", "lacks this permission"),
        ("UnknownOperationException", "UnknownOperationException"),
        ("ThrottlingException", "throttles"),
        ("501", "HTTP 501; this endpoint lacks the API"),
        (EndpointConnectionError(endpoint_url="https://aws.test"), "https://aws.test"),
        (ResponseParserError("<html>"), "could not be understood"),
    ],
    ids=["no rights", "unknown", "throttled", "no such API", "no network", "no answer that can be read"],
)
def test_an_account_that_tells_nothing_has_its_table(
    fault: str | Exception,
    expected: str,
    live: LiveEnvironment,
    access: PaperAccess,
    well: dict[str, DoctorLine],
) -> None:
    """Each line of it with the reason, whatever it is."""
    access.answers.update(dict.fromkeys(QUESTIONS, fault))
    found = lines(live)
    asked = set().union(*QUESTIONS.values())
    assert found.keys() == well.keys()
    assert well.keys() - asked == {"account"}
    assert {found[name].status for name in asked} == {"SKIP"}
    assert [name for name in asked if expected not in found[name].seen] == []


def test_a_state_that_cannot_be_read_leaves_names_open(live: LiveEnvironment, access: PaperAccess) -> None:
    """Whether they are this environment's own nobody could tell."""
    access.answers["s3.GetObject"] = "AccessDenied"
    found = lines(live)
    assert {item.status for name, item in found.items() if name.startswith(("bucket", "cluster"))} == {"SKIP"}
    assert "AccessDenied" in found["hosted zone"].seen


def test_of_a_region_that_is_off_nothing_else_is_asked(live: LiveEnvironment, access: PaperAccess) -> None:
    """Its own endpoints would only say that the credentials are not valid; another region is asked."""
    access.answers["ec2.DescribeRegions"] = {
        "Regions": [{"RegionName": REGION, "OptInStatus": "not-opted-in"}]
    }
    assert short(lines(live)) == {"region": "NG af-south-1 is not-opted-in"}
    assert access.asked == ["ec2.DescribeRegions"]


def test_of_a_wrong_account_nothing_else_is_asked(live: LiveEnvironment, access: PaperAccess) -> None:
    """What stands there is none of this environment's business."""
    other = replace(live, settings=live.settings.model_copy(update={"account_id": "210987654321"}))
    assert short(lines(other)) == {
        "region": "OK af-south-1, opted-in",
        "account": f"NG {ACCOUNT} instead of 210987654321",
    }


def test_an_account_that_is_not_named_is_told_with_the_rest(
    access: PaperAccess, well: dict[str, DoctorLine]
) -> None:
    """It may be the right one; before a first apply a person wants to see everything at once."""
    found = lines(live_environment(access))
    assert found.pop("account").status == "NG"
    assert found == {name: item for name, item in well.items() if name != "account"}


def test_credentials_that_are_not_valid_end_it(live: LiveEnvironment, access: PaperAccess) -> None:
    """The error says what to correct."""
    access.answers["sts.GetCallerIdentity"] = "InvalidClientTokenId"
    with pytest.raises(AwsError, match="The credentials are not valid"):
        lines(live)
