"""Production's infrastructure really applies, stays as it is, and goes away whole."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from emulators import moto, with_target_tags, without_keys
from full_terraform import ENVIRONMENT, STATE_BUCKET, FullTerraform
from support.ministack import REGION, ministack
from support.old_stack import EVENT, VALUES, build_old_stack
from support.ports import free_port

from deployments.paths import PROJECT
from pipeline.adoption import find_existing
from pipeline.environment.loader import load_environments
from pipeline.outputs import parse_outputs

pytestmark = pytest.mark.nightly
# What MiniStack reads back otherwise than it was written, with the attribute.
EMULATOR_FAULTS = {
    "module.audit[0].aws_cloudtrail.this": "loses the trail's tags",
    "module.logs.aws_cloudwatch_log_group.this": "gives no key to a log group that was taken over",
    "module.network.aws_flow_log.this[0]": "loses role, interval and tags",
    'module.network.aws_vpc_endpoint.interface["ecr.api"]': "loses security groups and private DNS",
    'module.network.aws_vpc_endpoint.interface["ecr.dkr"]': "loses security groups and private DNS",
    'module.network.aws_vpc_endpoint.interface["logs"]': "loses security groups and private DNS",
    'module.network.aws_vpc_endpoint.interface["secretsmanager"]': "loses security groups and private DNS",
}


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FullTerraform]:
    """Production, applied to MiniStack; alarms, web firewall and auto scaling to moto, which has them."""
    folder: Path = tmp_path_factory.mktemp("full")
    with (
        ministack(free_port()) as access,
        without_keys(str(access.endpoint_url)) as logs,
        moto(folder) as other,
        with_target_tags(other) as scaling,
    ):
        endpoint = str(access.endpoint_url)
        _make_service(_client("ecs", other))
        _client("s3", endpoint).create_bucket(
            Bucket=STATE_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        production = load_environments(PROJECT / "deployments/environments.toml", {})[ENVIRONMENT]
        build_old_stack(access, production)
        adopt = {item.key: item.id for item in find_existing(access, production, ())}
        terraform = FullTerraform(folder, endpoint, logs, other, scaling, adopt)
        terraform.init()
        terraform.apply()
        yield terraform


def _make_service(ecs: Any) -> None:
    """Make the service that moto looks for before it lets a target scale; Terraform's is on MiniStack."""
    names = load_environments(PROJECT / "deployments/environments.toml", {})[ENVIRONMENT].names
    container = {"name": "app", "image": "app", "memory": 128}
    ecs.create_cluster(clusterName=names.cluster)
    ecs.register_task_definition(family="app", containerDefinitions=[container])
    ecs.create_service(cluster=names.cluster, serviceName=names.service, taskDefinition="app", desiredCount=0)


def _client(service: str, endpoint: str) -> Any:
    return boto3.client(
        service,
        region_name=REGION,
        endpoint_url=endpoint,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


@pytest.mark.timeout(900)
def test_what_stood_before_is_taken_over_with_all_that_is_in_it(applied: FullTerraform) -> None:
    """Image, log event and values are still there; the domain's record leads to the new load balancer."""
    names = load_environments(PROJECT / "deployments/environments.toml", {})[ENVIRONMENT].names
    assert set(applied.adopt) == {"repository", "log_group", "cluster", "secret", "record"}
    ecr, logs = _client("ecr", applied.endpoint), _client("logs", applied.endpoint)
    images = ecr.list_images(repositoryName=names.repository)["imageIds"]
    assert [image["imageTag"] for image in images] == ["old"]
    events = logs.get_log_events(logGroupName=names.log_group, logStreamName="old")["events"]
    assert [event["message"] for event in events] == [EVENT]
    secret = _client("secretsmanager", applied.endpoint).get_secret_value(SecretId=applied.adopt["secret"])
    assert json.loads(secret["SecretString"]) == VALUES
    zone = applied.adopt["record"].partition("_")[0]
    records = _client("route53", applied.endpoint).list_resource_record_sets(HostedZoneId=zone)
    (address,) = [item for item in records["ResourceRecordSets"] if item["Type"] == "A"]
    assert address["AliasTarget"]["DNSName"].rstrip(".") == applied.outputs()["load_balancer_dns"]


@pytest.mark.timeout(900)
def test_outputs_reach_the_flows(applied: FullTerraform) -> None:
    """The SSM parameter holds what the engine understands, and the same as Terraform's own output."""
    name = "/vimbiso-pay/production/pipeline"
    value = _client("ssm", applied.endpoint).get_parameter(Name=name)["Parameter"]["Value"]
    outputs = parse_outputs(value, name)
    assert outputs.url == "https://mycredex.app"
    assert outputs.model_dump(mode="json") == parse_outputs(json.dumps(applied.outputs()), name).model_dump(
        mode="json"
    )
    assert set(applied.outputs()) >= set(type(outputs).model_fields)


@pytest.mark.timeout(900)
def test_second_plan_changes_nothing_of_ours(applied: FullTerraform) -> None:
    """What a second plan would change is what the emulator forgets, resource by resource."""
    assert set(applied.changes()) == set(EMULATOR_FAULTS)


@pytest.mark.timeout(900)
def test_destroy_removes_everything(applied: FullTerraform) -> None:
    """Nothing is left in the state, and nothing that costs money on the emulator."""
    assert len(applied.managed()) > 100
    repository = {"repositoryName": applied.adopt["repository"], "imageIds": [{"imageTag": "old"}]}
    # Terraform deletes no repository that has images.
    _client("ecr", applied.endpoint).batch_delete_image(**repository)
    gateways = applied.identifiers("aws_nat_gateway")
    assert gateways
    for kind in ("aws_wafv2_web_acl_logging_configuration", "aws_appautoscaling_target"):
        assert applied.identifiers(kind)
    applied.destroy()
    assert applied.managed() == []
    # MiniStack makes another gateway where a create is repeated with the same ClientToken.
    assert gateways.isdisjoint(_gateways(applied))
    assert _remains(applied) == {"balancers": [], "clusters": [], "buckets": [STATE_BUCKET]}


def _gateways(applied: FullTerraform) -> set[str]:
    alive = [{"Name": "state", "Values": ["available", "pending"]}]
    answer = _client("ec2", applied.endpoint).describe_nat_gateways(Filters=alive)
    return {found["NatGatewayId"] for found in answer["NatGateways"]}


def _remains(applied: FullTerraform) -> dict[str, list[str]]:
    balancers = _client("elbv2", applied.endpoint).describe_load_balancers()["LoadBalancers"]
    return {
        "balancers": [found["LoadBalancerName"] for found in balancers],
        "clusters": _client("ecs", applied.endpoint).list_clusters()["clusterArns"],
        "buckets": [found["Name"] for found in _client("s3", applied.endpoint).list_buckets()["Buckets"]],
    }
