"""An account of AWS for tests: hand-written ECS and load balancer, S3 and the rest by moto."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from moto.server import ThreadedMotoServer
from support.answering import answered_by
from support.fake_ecs import CLUSTER, SERVICE, FakeEcs
from support.secret_keys import SECRET_KEYS

from pipeline.aws.access import AwsAccess
from pipeline.outputs import Outputs

REGION = "af-south-1"
GROUP = f"arn:aws:elasticloadbalancing:{REGION}:123456789012:targetgroup/app/1"
LOGS = "/ecs/pay"
DENIED: dict[str, object] = dict.fromkeys(("application-autoscaling", "ec2", "efs"), object())
"""What the credentials may not ask."""
_TRUST = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}


@dataclass(frozen=True)
class WorldAccess(AwsAccess):
    """Access whose ECS and load balancer are Python objects."""

    services: dict[str, object] = field(default_factory=dict, hash=False, compare=False)

    def client(self, service: str, config: Any = None) -> Any:  # type: ignore[override] # all services at once
        """Return a client; the same one for the same service."""
        found = super().client(service, config)  # type: ignore[call-overload]
        if service in self.services and not hasattr(found, "answered"):
            answered_by(found, self.services[service])
            found.answered = True
        return found


@dataclass
class FakeBalancer:
    """A target group whose targets are the service's running tasks."""

    ecs: FakeEcs
    state: str = "healthy"

    def describe_target_health(self, *, TargetGroupArn: str) -> dict[str, Any]:  # noqa: N803 - boto3's spelling
        """Return every registered target."""
        assert TargetGroupArn == GROUP
        addresses = [task["attachments"][0]["details"][0]["value"] for task in self.ecs.running()]
        targets = [
            {"Target": {"Id": item, "Port": 8000}, "TargetHealth": {"State": self.state}}
            for item in addresses
        ]
        return {"TargetHealthDescriptions": targets}

    def describe_target_groups(self, *, TargetGroupArns: list[str]) -> dict[str, Any]:  # noqa: N803 - boto3's spelling
        """Return the group."""
        return {
            "TargetGroups": [
                {"TargetGroupArn": arn, "HealthCheckPath": "/health/", "Matcher": {"HttpCode": "200-299"}}
                for arn in TargetGroupArns
            ]
        }


@contextmanager
def moto() -> Iterator[str]:
    """Serve AWS as moto knows it, in this process; return the address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def _role(access: AwsAccess, name: str) -> str:
    trust = json.dumps({"Version": "2012-10-17", "Statement": [_TRUST]})
    return access.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]


def built(access: AwsAccess, url: str, data: Path) -> Outputs:
    """Make what Terraform would, and return its outputs."""
    place = {"LocationConstraint": REGION}
    for name in ("backups", "archive"):
        access.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=place)  # type: ignore[arg-type]
    access.client("ecr").create_repository(repositoryName="pay")
    access.client("logs").create_log_group(logGroupName=LOGS)
    execution, task = (_role(access, name) for name in ("execution", "tasks"))
    values = json.dumps(dict.fromkeys(SECRET_KEYS, "made up"))
    secret = access.client("secretsmanager").create_secret(Name="pay/app", SecretString=values)["ARN"]
    return Outputs(
        app="vimbiso-pay",
        environment="staging",
        region=REGION,
        account_id="123456789012",
        cluster=CLUSTER,
        service=SERVICE,
        task_family="app",
        auto_scaling=False,
        container="app",
        container_port=8000,
        repository_name="pay",
        repository_url="registry/pay",
        target_group_arns=(GROUP,),
        load_balancer_arn="arn:aws:elasticloadbalancing:x:x:loadbalancer/app/pay/1",
        load_balancer_dns="localhost",
        url=url,
        log_group=LOGS,
        secret_arn=secret,
        backup_bucket="backups",
        log_archive_bucket="archive",
        data_path=str(data),
        databases=(str(data / "db.sqlite3"),),
        subnet_ids=("subnet-1",),
        security_group_ids=("sg-1",),
        execution_role_arn=execution,
        task_role_arn=task,
        metrics_namespace="pay/staging",
    )
