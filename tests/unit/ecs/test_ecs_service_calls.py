"""EcsService: which calls are made, and what becomes of the answers."""

import pytest
from ecs_stubs import StubbedAccess

from pipeline.aws.errors import AwsError
from pipeline.ecs.model import EcsError, Target
from pipeline.ecs.service import EcsService

WHERE = {"cluster": "c", "services": ["s"]}
ACTIVE = {"serviceName": "s", "status": "ACTIVE", "deployments": [{"id": "ecs-svc/2", "status": "PRIMARY"}]}


@pytest.fixture
def ecs(aws: StubbedAccess) -> EcsService:
    """Service ``s`` in cluster ``c``."""
    return EcsService(aws, "c", "s")


def test_describe(aws: StubbedAccess, ecs: EcsService) -> None:
    """The answer is translated."""
    aws.answers("ecs", "describe_services", {"services": [ACTIVE]}, **WHERE)
    found = ecs.describe()
    assert found is not None
    assert (found.name, found.primary and found.primary.id) == ("s", "ecs-svc/2")


def test_a_missing_service_or_cluster_is_none(aws: StubbedAccess, ecs: EcsService) -> None:
    """Neither is an error of the API: there is no service."""
    aws.answers("ecs", "describe_services", {"services": [], "failures": [{"reason": "MISSING"}]}, **WHERE)
    aws.refuses("ecs", "describe_services", "ClusterNotFoundException")
    assert ecs.describe() is None
    assert ecs.describe() is None


def test_a_refused_call_names_the_service(aws: StubbedAccess, ecs: EcsService) -> None:
    """Throttling comes as an AwsError with its code."""
    aws.refuses("ecs", "describe_services", "ThrottlingException")
    with pytest.raises(AwsError, match="Describing ECS service s") as caught:
        ecs.describe()
    assert caught.value.code == "ThrottlingException"


def test_require(aws: StubbedAccess, ecs: EcsService) -> None:
    """Only an ACTIVE service passes; the error says its state and what to do."""
    aws.answers("ecs", "describe_services", {"services": [ACTIVE]}, **WHERE)
    aws.answers("ecs", "describe_services", {"services": []}, **WHERE)
    aws.answers("ecs", "describe_services", {"services": [{**ACTIVE, "status": "DRAINING"}]}, **WHERE)
    assert ecs.require().status == "ACTIVE"
    with pytest.raises(EcsError, match=r"s in cluster c does not exist.*deploy-infrastructure"):
        ecs.require()
    with pytest.raises(EcsError, match="is DRAINING"):
        ecs.require()


def test_update_returns_the_deployment_of_the_answer(aws: StubbedAccess, ecs: EcsService) -> None:
    """The id comes from UpdateService's own answer; the count is left alone unless given."""
    asked = {"cluster": "c", "service": "s", "taskDefinition": "td:8"}
    aws.answers("ecs", "update_service", {"service": ACTIVE}, **asked, forceNewDeployment=False)
    aws.answers(
        "ecs", "update_service", {"service": ACTIVE}, **asked, forceNewDeployment=True, desiredCount=0
    )
    assert ecs.update("td:8").id == "ecs-svc/2"
    assert ecs.update("td:8", 0, force=True).id == "ecs-svc/2"


def test_an_update_without_a_primary_is_an_error(aws: StubbedAccess, ecs: EcsService) -> None:
    """Without an id there is nothing to watch."""
    answer = {"service": {**ACTIVE, "deployments": []}}
    aws.stub("ecs").add_response("update_service", answer)
    with pytest.raises(EcsError, match="without a PRIMARY"):
        ecs.update("td:8")


def test_tasks_are_read_in_pages_and_described_by_hundreds(aws: StubbedAccess, ecs: EcsService) -> None:
    """DescribeTasks takes 100 at most; no page of ListTasks is lost."""
    arns = [f"t/{number}" for number in range(150)]
    asked = {"cluster": "c", "serviceName": "s", "desiredStatus": "STOPPED"}
    aws.answers("ecs", "list_tasks", {"taskArns": arns[:100], "nextToken": "n"}, **asked)
    aws.answers("ecs", "list_tasks", {"taskArns": arns[100:]}, **asked, nextToken="n")
    for chunk in (arns[:100], arns[100:]):
        described = {"tasks": [{"taskArn": arn} for arn in chunk]}
        aws.answers("ecs", "describe_tasks", described, cluster="c", tasks=chunk)
    assert [task.arn for task in ecs.tasks("STOPPED")] == arns


def test_no_tasks_ask_for_no_description(aws: StubbedAccess, ecs: EcsService) -> None:
    """DescribeTasks refuses an empty list."""
    aws.answers("ecs", "list_tasks", {"taskArns": []}, cluster="c", serviceName="s", desiredStatus="RUNNING")
    assert ecs.tasks() == ()


def test_targets_by_group(aws: StubbedAccess, ecs: EcsService) -> None:
    """Every group is asked for its targets."""
    raw = {"Target": {"Id": "10.0.0.5", "Port": 8000}, "TargetHealth": {"State": "healthy"}}
    for group, targets in (("g1", [raw]), ("g2", [])):
        answer = {"TargetHealthDescriptions": targets}
        aws.answers("elbv2", "describe_target_health", answer, TargetGroupArn=group)
    target = Target("g1", "10.0.0.5", 8000, "healthy", "", "")
    assert ecs.targets(("g1", "g2")) == {"g1": (target,), "g2": ()}
