"""What somebody else made under an environment's names is found on the emulator, and left as it is."""

from collections.abc import Iterator

import pytest
from support.ministack import ministack
from support.old_stack import build_old_stack
from support.ports import free_port

from deployments.paths import PROJECT
from pipeline.adoption import Existing, find_existing, reclaim_secret
from pipeline.aws.access import AwsAccess
from pipeline.environment.loader import load_environments
from pipeline.errors import PipelineError

ENVIRONMENTS = load_environments(PROJECT / "deployments/environments.toml", {})
PRODUCTION, STAGING, LOCAL = (ENVIRONMENTS[name] for name in ("production", "staging", "local"))


@pytest.fixture(scope="module")
def access() -> Iterator[AwsAccess]:
    """An account that has nothing at first."""
    with ministack(free_port()) as made:
        yield made


def test_what_exists_is_found_once(access: AwsAccess) -> None:
    """Nothing in an empty account; then each thing by its import id, without what Terraform has."""
    assert find_existing(access, PRODUCTION, ()) == ()
    zone = build_old_stack(access, PRODUCTION)
    found = {item.key: item for item in find_existing(access, PRODUCTION, ())}
    secret = access.client("secretsmanager").describe_secret(SecretId=PRODUCTION.secret_name)["ARN"]
    assert {key: item.id for key, item in found.items()} == {
        "repository": PRODUCTION.names.repository,
        "log_group": PRODUCTION.names.log_group,
        "cluster": PRODUCTION.names.cluster,
        "secret": secret,
        "record": f"{zone}_mycredex.app_A",
    }
    assert found["record"].told == "answered by 192.0.2.1"
    managed = [
        "module.certificate[0].aws_route53_record.alias[0]",
        "module.cluster.aws_ecs_cluster.this",
    ]
    assert {item.key for item in find_existing(access, PRODUCTION, managed)} == {
        "repository",
        "log_group",
        "secret",
    }


def test_a_service_that_answers_is_refused(access: AwsAccess) -> None:
    """It cannot move into another network; one of ours is no obstacle."""
    ecs = access.client("ecs")
    ecs.create_cluster(clusterName=PRODUCTION.names.cluster)
    ecs.register_task_definition(family="old", containerDefinitions=[{"name": "app", "image": "none"}])
    ecs.create_service(
        cluster=PRODUCTION.names.cluster,
        serviceName=PRODUCTION.names.service,
        taskDefinition="old",
        desiredCount=0,
    )
    with pytest.raises(PipelineError, match=r"Give this environment's service another name"):
        find_existing(access, PRODUCTION, ())
    assert find_existing(access, PRODUCTION, ("module.service.aws_ecs_service.this",))
    ecs.delete_service(cluster=PRODUCTION.names.cluster, service=PRODUCTION.names.service, force=True)
    assert find_existing(access, PRODUCTION, ())


def test_a_deleted_secret_comes_back_with_its_values(access: AwsAccess) -> None:
    """Its name is taken for 30 days after a destroy; one that is there, or never was, is left alone."""
    secrets, name = access.client("secretsmanager"), STAGING.secret_name
    assert reclaim_secret(access, STAGING, ()) is None
    arn = secrets.create_secret(Name=name, SecretString="value")["ARN"]
    assert reclaim_secret(access, STAGING, ()) is None
    secrets.delete_secret(SecretId=name, RecoveryWindowInDays=30)
    restored = reclaim_secret(access, STAGING, ())
    assert isinstance(restored, Existing)
    assert (restored.key, restored.id) == ("secret", arn)
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "value"


def test_a_secret_that_a_killed_run_has_restored_is_taken_over_by_the_next(access: AwsAccess) -> None:
    """It has the environment's tags and is in no state; in the state it is nobody's to take."""
    secrets, name = access.client("secretsmanager"), LOCAL.secret_name
    tags = {"Application": LOCAL.app, "Environment": LOCAL.stage}
    given = [{"Key": key, "Value": value} for key, value in tags.items()]
    secrets.create_secret(Name=name, SecretString="value", Tags=given)
    secrets.delete_secret(SecretId=name, RecoveryWindowInDays=30)
    first, second = reclaim_secret(access, LOCAL, ()), reclaim_secret(access, LOCAL, ())
    assert first is not None
    assert first == second
    assert reclaim_secret(access, LOCAL, ["module.secret.aws_secretsmanager_secret.this"]) is None
