"""An account in which everything that a deployment needs is there, for tests to take things away."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from botocore.exceptions import ClientError

from pipeline.aws.access import AwsAccess
from pipeline.outputs import Outputs

ARN = "arn:aws:ecs:af-south-1:000000000000"
SECRET = "arn:aws:secretsmanager:af-south-1:000000000000:secret:vimbiso-pay/local/app-AbCdEf"
GROUP = "arn:aws:elasticloadbalancing:af-south-1:000000000000:targetgroup/app/1"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
OUTPUTS = Outputs(
    app="vimbiso-pay",
    environment="local",
    region="af-south-1",
    account_id="000000000000",
    cluster="cluster",
    service="service",
    task_family="app",
    container="app",
    container_port=8000,
    repository_name="app",
    repository_url="registry/app",
    target_group_arns=(GROUP,),
    load_balancer_arn="arn",
    load_balancer_dns="dns",
    url="http://dns",
    log_group="/ecs/app",
    secret_arn=SECRET,
    backup_bucket="backups",
    log_archive_bucket="logs",
    data_path="/data",
    databases=("/data/db.sqlite3",),
    subnet_ids=("s",),
    security_group_ids=("g",),
    execution_role_arn="arn:aws:iam::000000000000:role/execution",
    task_role_arn="arn:aws:iam::000000000000:role/task",
    certificate_arn="arn:aws:acm:af-south-1:000000000000:certificate/1",
    metrics_namespace="app",
)


def deployment(state: str = "COMPLETED") -> dict[str, Any]:
    """Return a PRIMARY deployment as ECS describes it."""
    return {
        "id": "ecs-svc/1",
        "status": "PRIMARY",
        "taskDefinition": f"{ARN}:task-definition/app:7",
        "rolloutState": state,
        "desiredCount": 2,
        "runningCount": 2,
        "pendingCount": 0,
        "failedTasks": 0,
        "createdAt": 0,
        "updatedAt": 0,
    }


def service(**changes: Any) -> dict[str, Any]:
    """Return DescribeServices' answer."""
    found = {
        "serviceName": "service",
        "status": "ACTIVE",
        "desiredCount": 2,
        "taskDefinition": f"{ARN}:task-definition/app:7",
        "deployments": [deployment()],
    }
    return {"services": [{**found, **changes}]}


def definition(**changes: Any) -> dict[str, Any]:
    """Return DescribeTaskDefinition's answer."""
    container = {
        "name": "app",
        "secrets": [{"name": "DJANGO_SECRET", "valueFrom": f"{SECRET}:DJANGO_SECRET::"}],
    }
    return {
        "taskDefinition": {"taskDefinitionArn": "a", "containerDefinitions": [container], **changes},
        "tags": [],
    }


def role(trust: Any = TRUST) -> dict[str, Any]:
    """Return GetRole's answer."""
    return {"Role": {"AssumeRolePolicyDocument": quote(json.dumps(trust))}}


def stored(values: dict[str, str]) -> dict[str, Any]:
    """Return GetSecretValue's answer."""
    return {"ARN": SECRET, "VersionId": "1", "SecretString": json.dumps(values), "CreatedDate": 0}


@dataclass(frozen=True)
class Cloud(AwsAccess):
    """Answers by service and operation; an Exception is raised; counts what it is asked."""

    region: str = "af-south-1"
    answers: dict[tuple[str, str], Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def client(self, service: str, config: object = None) -> Any:
        """Return a client that knows the answers."""
        return _Client(self, service)


@dataclass(frozen=True)
class _Client:
    cloud: Cloud
    service: str

    @property
    def exceptions(self) -> Any:
        """The errors that are caught by their class; none of them is among the answers."""
        return type("Exceptions", (), dict.fromkeys(_MODELLED, _ModelledError))

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**_: Any) -> Any:
            self.cloud.asked.append(operation)
            answer = self.cloud.answers[self.service, operation]
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


class _ModelledError(Exception):
    pass


_MODELLED = ("ClusterNotFoundException", "ResourceNotFoundException")


def refusal(code: str) -> ClientError:
    """Return what botocore raises."""
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "Operation")


def whole() -> dict[tuple[str, str], Any]:
    """Return the answers of an account in order."""
    return {
        ("sts", "get_caller_identity"): {"Account": "000000000000", "Arn": "arn:aws:iam::0:user/deployer"},
        ("ecs", "describe_services"): service(),
        ("ecs", "describe_task_definition"): definition(),
        ("elbv2", "describe_target_groups"): {
            "TargetGroups": [{"HealthCheckPath": "/health/", "Matcher": {"HttpCode": "200-299"}}]
        },
        ("logs", "describe_log_groups"): {"logGroups": [{"logGroupName": "/ecs/app", "retentionInDays": 30}]},
        ("ecr", "describe_repositories"): {"repositories": [{}]},
        ("iam", "get_role"): role(),
        ("secretsmanager", "describe_secret"): {"ARN": SECRET, "VersionIdsToStages": {"1": ["AWSCURRENT"]}},
        ("secretsmanager", "get_secret_value"): stored({"DJANGO_SECRET": "value"}),
        ("s3", "get_object"): refusal("NoSuchKey"),
        ("acm", "describe_certificate"): {"Certificate": {"Status": "ISSUED", "DomainName": "pay.example"}},
    }
