"""What others than the pipeline's flows ask of AWS with the roles that Terraform makes.

They are no code of ours, so nothing can be recorded: each list names who says so.
"""

import json
from collections.abc import Iterator
from itertools import chain
from typing import Any

from planned import Planned
from support.rights.asks import Site, asks
from support.rights.calls import Call
from support.rights.policy import Ask

# Source: Amazon ECR User Guide, "IAM permissions for pushing an image".
DOCKER_PUSH = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:GetDownloadUrlForLayer",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
)
# Source: Amazon ECS Developer Guide, "Amazon ECS task execution IAM role".
IMAGE_PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
LOG_WRITING = ("logs:CreateLogStream", "logs:PutLogEvents")
# Source: Amazon VPC User Guide, "IAM role for publishing flow logs to CloudWatch Logs".
FLOW_LOGS = (
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:DescribeLogGroups",
    "logs:DescribeLogStreams",
    "logs:PutLogEvents",
)


def definitions(planned: Planned, role: str) -> list[dict[str, Any]]:
    """Return the planned task definitions whose execution role has that name."""
    found = planned.of_type("aws_ecs_task_definition").values()
    return [item for item in found if item["execution_role_arn"].endswith(f"/{role}")]


def starting(definition: dict[str, Any], site: Site) -> Iterator[Ask]:
    """Yield what ECS's agent asks for, to start a task with the definition."""
    yield from site.ask("ecr:GetAuthorizationToken", {})
    for container in json.loads(definition["container_definitions"]):
        registry, _, image = container["image"].partition("/")
        if ".dkr.ecr." in registry:
            repository = image.partition("@")[0].partition(":")[0]
            yield from chain(*(site.ask(action, {"RepositoryName": repository}) for action in IMAGE_PULL))
        group = container["logConfiguration"]["options"]["awslogs-group"]
        names = {"LogGroupName": group, "LogStreamName": "ecs/app/0"}
        yield from chain(*(site.ask(action, names) for action in LOG_WRITING))
        for secret in container.get("secrets", []):
            arn = ":".join(secret["valueFrom"].split(":")[:7])
            yield from asks(Call("secretsmanager", "GetSecretValue", {"SecretId": arn}), site)


def mounting(planned: Planned, site: Site, point: bool = True) -> Iterator[Ask]:
    """Yield what the tasks' volumes ask of the file system; without ``point``, round the access point."""
    (definition,) = planned.of_type("aws_ecs_task_definition").values()
    (system,) = planned.of_type("aws_efs_file_system").values()
    for volume in definition["volume"]:
        for mounted in volume["efs_volume_configuration"]:
            access = mounted["authorization_config"][0]["access_point_id"]
            template = "arn:${Partition}:elasticfilesystem:${Region}:${Account}:access-point/${AccessPointId}"
            context = {"aws:SecureTransport": "true", "aws:ResourceTag/Name": system["tags"]["Name"]}
            if point:
                context["elasticfilesystem:AccessPointArn"] = site.arn(template, {"AccessPointId": access})
            for right in ("ClientMount", "ClientWrite"):
                names = {"FileSystemId": mounted["file_system_id"]}
                yield from site.ask(f"elasticfilesystem:{right}", names, **context)


def prefect_worker(cluster: str, site: Site) -> Iterator[Ask]:
    """Yield what prefect-aws asks for, to run flows of staging.

    Read in its ecs_worker.py and observers/ecs.py, of 0.7.12.
    """
    execution, task = site.roles
    family, at = "vimbiso-pay-staging-flows", {"cluster": cluster}
    queue = f"https://sqs.{site.region}.amazonaws.com/{site.account}/{cluster}-ecs-tasks"
    roles = {"executionRoleArn": execution, "taskRoleArn": task}
    tagged = {"tags": ["prefect.io/flow-run-id"]}
    made = [
        Call("ecs", "DescribeTaskDefinition", {"taskDefinition": family}),
        Call("ecs", "RegisterTaskDefinition", {"family": family, **roles, **tagged}),
        Call("ecs", "RunTask", {"taskDefinition": f"{family}:1", **at, **tagged}),
        Call("ecs", "DescribeTasks", {"tasks": ["0"], **at}),
        Call("ecs", "StopTask", {"task": "0", **at}),
        Call("sqs", "GetQueueUrl", {"QueueName": f"{cluster}-ecs-tasks"}),
        *(
            Call("sqs", name, {"QueueUrl": queue})
            for name in ("ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility")
        ),
        Call("logs", "GetLogEvents", {"logGroupName": f"/ecs/{cluster}", "logStreamName": "flows/prefect/0"}),
    ]
    return chain(*(asks(call, site) for call in made))
