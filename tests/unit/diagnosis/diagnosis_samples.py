"""An environment in which everything is well; tests replace what they break."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

from support.secret_keys import SECRET_KEYS

from pipeline.aws.access import AwsAccess
from pipeline.certificate.model import CertificateFinding, CertificateVerdict, Level
from pipeline.delivery.model import Alarm, TaskEvidence
from pipeline.diagnosis.facts import (
    Activity,
    Balancing,
    Definitions,
    Destination,
    Facts,
    FileSystem,
    Listener,
    LiveImage,
    Network,
    Policy,
    Releases,
    ResolvedNames,
    Route,
    Rule,
    Scaling,
    Security,
    SecurityGroup,
    Subject,
    TargetGroup,
    Tasks,
    Usage,
)
from pipeline.ecs.model import Container, Deployment, Outcome, Service, ServiceEvent, Target, Task
from pipeline.environment.model import Environment
from pipeline.health.model import ProbeReport, Reply
from pipeline.live import LiveEnvironment
from pipeline.outputs import Outputs
from pipeline.release.model import Release, ReleaseRecord, Rollout
from pipeline.secrets.change import KeyReport

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
LIVE = "arn:aws:ecs:af-south-1:1:task-definition/pay:7"
BEFORE = "arn:aws:ecs:af-south-1:1:task-definition/pay:6"
DEPLOYMENT = "ecs-svc/1"

ENVIRONMENT = Environment.model_validate(
    {
        "name": "staging",
        "app": "pay",
        "region": "af-south-1",
        "domain": "pay.test",
        "branch": "main",
        "source": {"repository": "https://git.test/pay.git"},
        "health_path": "/health/",
        "container_port": 8000,
        "approval": "never",
        "names": {"cluster": "c", "service": "s", "repository": "pay", "log_group": "/ecs/pay"},
        "variables": {"EXTRA": "1"},
        "secret_keys": list(SECRET_KEYS),
    }
)
OUTPUTS = Outputs(
    app="pay",
    environment="staging",
    region="af-south-1",
    account_id="1",
    cluster="c",
    service="s",
    task_family="pay",
    container="app",
    container_port=8000,
    repository_name="pay",
    repository_url="host/pay",
    target_group_arns=("tg",),
    load_balancer_arn="a/b/lb/1",
    load_balancer_dns="lb.test",
    url="https://pay.test",
    log_group="/ecs/pay",
    secret_arn="arn:secret",
    backup_bucket="backups",
    log_archive_bucket="logs",
    data_path="/data",
    databases=("/data/db",),
    subnet_ids=("subnet-1",),
    security_group_ids=("sg-tasks",),
    execution_role_arn="execution",
    task_role_arn="task",
    metrics_namespace="pay/staging",
)


def task(task_id: str = "task-1", **changed: Any) -> Task:
    """Return a running task of the service; a stopped one by what is changed."""
    values: dict[str, Any] = {
        "arn": f"arn:task/{task_id}",
        "task_definition": LIVE,
        "started_by": DEPLOYMENT,
        "last_status": "RUNNING",
        "health": "HEALTHY",
        "created_at": NOW - timedelta(minutes=20),
        "stop_code": "",
        "stopped_reason": "",
        "address": "10.0.0.1",
        "containers": (),
    }
    return Task(**{**values, **changed})


def stopped(reason: str, exit_code: int | None = None, **changed: Any) -> Task:
    """Return a task that stopped for a reason."""
    container = Container("app", "STOPPED", "image", None, exit_code, "", "UNKNOWN")
    code = "EssentialContainerExited" if exit_code is not None else "TaskFailedToStart"
    values: dict[str, Any] = {
        "last_status": "STOPPED",
        "stop_code": code,
        "stopped_reason": reason,
        "containers": (container,),
    }
    return task("task-9", **{**values, **changed})


def deployment(**changed: Any) -> Deployment:
    """Return a completed deployment of two tasks."""
    values: dict[str, Any] = {
        "id": DEPLOYMENT,
        "status": "PRIMARY",
        "task_definition": LIVE,
        "rollout_state": "COMPLETED",
        "rollout_reason": "",
        "desired": 2,
        "running": 2,
        "pending": 0,
        "failed": 0,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Deployment(**{**values, **changed})


def service(*events: str, **changed: Any) -> Service:
    """Return a service whose one deployment is as changed."""
    told = tuple(ServiceEvent(str(place), NOW, text) for place, text in enumerate(events))
    return Service("s", "ACTIVE", 2, LIVE, (deployment(**changed),), True, told)


def definition(**changed: Any) -> dict[str, Any]:
    """Return a task definition as DescribeTaskDefinition answers it."""
    container = {
        "name": "app",
        "image": "host/pay@sha256:1",
        "environment": [{"name": "PORT", "value": "8000"}, {"name": "EXTRA", "value": "1"}],
        "secrets": [{"name": key, "valueFrom": "arn:secret"} for key in SECRET_KEYS],
        "healthCheck": {"command": ["CMD-SHELL", "curl http://localhost:8000/health/"]},
    }
    return {"containerDefinitions": [{**container, **changed}]}


UNDER_WAY = Rollout(
    release=Release(name="r8", image="", digest="", task_definition="arn/pay:8"),
    primary_before="",
    previous=None,
    started_at=NOW,
)
"""A rollout whose end nobody recorded."""


def record(release: str = "r7", task_definition: str = LIVE, **changed: Any) -> ReleaseRecord:
    """Return the record of a good release."""
    values: dict[str, Any] = {
        "release": release,
        "outcome": Outcome.SUCCEEDED,
        "message": "",
        "kind": "deploy",
        "task_definition": task_definition,
        "image": "host/pay@sha256:1",
        "image_digest": "sha256:0123456789abcdef0123",
        "deployment_id": DEPLOYMENT,
        "started_at": NOW - timedelta(minutes=5),
        "ended_at": NOW,
    }
    return ReleaseRecord(**{**values, **changed})


def tcp(port: int, *groups: str, ranges: tuple[str, ...] = ()) -> Rule:
    """Return a rule for one port."""
    return Rule("tcp", port, port, groups, ranges)


def group(name: str, inbound: tuple[Rule, ...] = (), outbound: tuple[Rule, ...] = ()) -> SecurityGroup:
    """Return a security group."""
    return SecurityGroup(f"sg-{name}", name, inbound, outbound)


WORLD = ("0.0.0.0/0",)
BALANCER = group("lb", (tcp(443, ranges=WORLD),), (tcp(8000, "sg-tasks"),))
TASKS = group("tasks", (tcp(8000, "sg-lb"),), (tcp(443, ranges=WORLD), tcp(2049, "sg-efs")))
ENDPOINT = Destination(
    "endpoint ecr.dkr", 443, (group("endpoints", (tcp(443, "sg-tasks"),)),), ("10.0.1.0/24",)
)
VOLUME = Destination("file system fs-1", 2049, (group("efs", (tcp(2049, "sg-tasks"),)),), ("10.0.1.0/24",))
SECURITY = Security(
    balancer=(BALANCER,),
    balancer_ranges=("10.0.0.0/24",),
    listeners=(Listener(443, "HTTPS"),),
    tasks=(TASKS,),
    task_ranges=("10.0.1.0/24",),
    destinations=(ENDPOINT, VOLUME),
)
NETWORK = Network(
    routes=(Route("subnet-1", "af-south-1a", "nat-1", "active", "available"),),
    endpoints=(),
    public_addresses=False,
    file_systems=(FileSystem("fs-1", (("af-south-1a", "available"),)),),
)
SCALING = Scaling(
    (2, 4),
    (),
    (
        Policy("cpu", "ECSServiceAverageCPUUtilization", 80.0),
        Policy("memory", "ECSServiceAverageMemoryUtilization", 80.0),
    ),
    (Activity(NOW, "Setting desired count to 2.", "Successful", ""),),
)
HEALTHY = Target("tg", "10.0.0.1", 8000, "healthy", "", "")
TARGETS = TargetGroup("pay", 8000, "/health/", "traffic-port", "200-299", 4, 5)
WELL = Facts(
    subject=Subject(ENVIRONMENT, OUTPUTS, NOW, NOW - timedelta(hours=2)),
    service=service("(service s) has reached a steady state."),
    definitions=Definitions(definition(), definition()),
    tasks=Tasks((task(),), (), (TaskEvidence("task-1", "RUNNING", {"app": ("Listening",)}),)),
    secrets=KeyReport(SECRET_KEYS, (), ()),
    balancing=Balancing((TARGETS,), (HEALTHY,)),
    probes=(ProbeReport("https://pay.test/health/", True, (Reply(0.01, 200),)),),
    security=SECURITY,
    network=NETWORK,
    image=LiveImage("host/pay@sha256:1", True),
    scaling=SCALING,
    usage={"CPUUtilization": Usage(20, 40, 30), "MemoryUtilization": Usage(20, 40, 30)},
    certificate=CertificateVerdict((CertificateFinding("status", Level.OK, "issued"),), 90),
    alarms=(Alarm("errors", "OK", BEFORE),),
    names=ResolvedNames(("192.0.2.1",), ("192.0.2.1", "192.0.2.2")),
    releases=Releases((record(), record("r6", BEFORE)), None),
)
MOVING = service(rollout_state="IN_PROGRESS", running=1, failed=3)
"""A service whose new tasks do not come up: what stopped them is not over."""


def live(access: object) -> LiveEnvironment:
    """Return the well environment, reached by ``access``."""
    return LiveEnvironment(ENVIRONMENT, cast("AwsAccess", access), OUTPUTS)
