"""boto3's dictionaries in our types."""

from datetime import UTC, datetime, timedelta, timezone

from pipeline.ecs import translate
from pipeline.ecs.model import Container, Deployment, Service, ServiceEvent, Target, Task

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)
JOHANNESBURG = timezone(timedelta(hours=2))
EPOCH = datetime.fromtimestamp(0, UTC)


def test_a_whole_service() -> None:
    """Every field that the decisions need is carried over; times become UTC."""
    raw = {
        "serviceName": "web",
        "status": "ACTIVE",
        "desiredCount": 2,
        "taskDefinition": "td:8",
        "deploymentConfiguration": {
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
            "alarms": {"enable": True, "rollback": True, "alarmNames": ["5xx"]},
        },
        "deployments": [
            {
                "id": "ecs-svc/2",
                "status": "PRIMARY",
                "taskDefinition": "td:8",
                "rolloutState": "IN_PROGRESS",
                "rolloutStateReason": "moving",
                "desiredCount": 4,
                "runningCount": 3,
                "pendingCount": 1,
                "failedTasks": 2,
                "createdAt": NOON.astimezone(JOHANNESBURG),
                "updatedAt": NOON + timedelta(seconds=5),
            }
        ],
        "events": [{"id": "e", "createdAt": NOON, "message": "has started 1 tasks"}],
    }
    deployment = Deployment(
        "ecs-svc/2", "PRIMARY", "td:8", "IN_PROGRESS", "moving", 4, 3, 1, 2, NOON, NOON + timedelta(seconds=5)
    )
    events = (ServiceEvent("e", NOON, "has started 1 tasks"),)
    found = translate.service(raw)
    values = "td:8", (deployment,), True, events, raw["deploymentConfiguration"], ("5xx",), True
    assert found == Service("web", "ACTIVE", 2, *values)
    assert found.deployments[0].created_at.tzinfo is UTC


def test_a_bare_service() -> None:
    """Fields that ECS leaves out have a value that decides nothing."""
    found = translate.service({"serviceName": "web", "status": "INACTIVE"})
    assert found == Service("web", "INACTIVE", 0, "", (), False)
    assert found.primary is None
    assert found.deployment("ecs-svc/1") is None


def test_a_breaker_rolls_back_only_when_enabled() -> None:
    """``rollback`` without ``enable`` is no promise; null settings are none either."""
    bare = {"serviceName": "web", "status": "ACTIVE"}
    for breaker in ({"enable": False, "rollback": True}, {"enable": True, "rollback": False}, None):
        raw = {**bare, "deploymentConfiguration": {"deploymentCircuitBreaker": breaker}}
        assert translate.service(raw).breaker_rolls_back is False
    assert translate.service({**bare, "deploymentConfiguration": None}).breaker_rolls_back is False


def test_a_bare_deployment() -> None:
    """A deployment that was never updated was updated when it was created."""
    found = translate.deployment({"id": "d", "status": "ACTIVE", "createdAt": NOON})
    assert found == Deployment("d", "ACTIVE", "", "", "", 0, 0, 0, 0, NOON, NOON)


RAW_TASK = {
    "taskArn": "arn:task/cluster/abc",
    "taskDefinitionArn": "td:8",
    "startedBy": "ecs-svc/2",
    "lastStatus": "STOPPED",
    "healthStatus": "UNHEALTHY",
    "createdAt": NOON,
    "stopCode": "EssentialContainerExited",
    "stoppedReason": "exited",
    "attachments": [
        {
            "details": [
                {"name": "subnetId", "value": "s"},
                {"name": "privateIPv4Address", "value": "10.0.0.5"},
            ]
        }
    ],
    "containers": [
        {
            "name": "web",
            "lastStatus": "STOPPED",
            "image": "repo",
            "imageDigest": "sha256:1",
            "exitCode": 0,
            "reason": "why",
            "healthStatus": "UNKNOWN",
        }
    ],
}


def test_a_whole_task() -> None:
    """Stop code, reason, address and containers of a task are carried over."""
    containers = (Container("web", "STOPPED", "repo", "sha256:1", 0, "why", "UNKNOWN"),)
    found = translate.task(RAW_TASK)
    assert found == Task(
        "arn:task/cluster/abc",
        "td:8",
        "ecs-svc/2",
        "STOPPED",
        "UNHEALTHY",
        NOON,
        "EssentialContainerExited",
        "exited",
        "10.0.0.5",
        containers,
    )
    assert found.id == "abc"


def test_a_bare_task() -> None:
    """A task that has only just been placed lacks nearly everything."""
    found = translate.task({"taskArn": "t", "containers": [{"name": "web", "imageDigest": ""}]})
    assert found.containers == (Container("web", "", "", None, None, "", "UNKNOWN"),)
    assert (found.address, found.created_at, found.health) == (None, EPOCH, "UNKNOWN")


def test_the_address_of_a_network_interface() -> None:
    """Where no attachment names the address, the container's network interface does."""
    interfaces = [{"attachmentId": "a"}, {"privateIpv4Address": "172.17.0.3"}]
    raw = {"taskArn": "t", "containers": [{"networkInterfaces": interfaces}]}
    assert translate.task(raw).address == "172.17.0.3"


def test_targets() -> None:
    """A target without a reason has an empty one."""
    raw = {"Target": {"Id": "10.0.0.5", "Port": 8000}, "TargetHealth": {"State": "initial", "Reason": "Elb"}}
    assert translate.target("g", raw) == Target("g", "10.0.0.5", 8000, "initial", "Elb", "")
    assert translate.target("g", {"Target": {"Id": "i"}}) == Target("g", "i", 0, "", "", "")
