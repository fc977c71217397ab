"""Waits until the services of a restarted emulator run their tasks again."""

import time
from typing import TYPE_CHECKING

import docker
from botocore.exceptions import BotoCoreError, ClientError
from docker.errors import APIError, DockerException, NotFound

from deployments.local.stack.errors import StackError
from deployments.local.stack.sandbox import remove_volumes
from deployments.local.stack.settings import REGION, Settings
from deployments.local.stack.specs import instance
from pipeline.aws.access import AwsAccess
from pipeline.ecs.service import describe_tasks

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_ecs.type_defs import ServiceTypeDef


def containers(settings: Settings) -> list[str]:
    """Return the ids of our emulator's containers, stopped ones included; none where no engine answers."""
    client = _client()
    label = f"ministack.instance={instance(settings)}"
    try:
        found = client.api.containers(all=True, filters={"label": label}) if client else []
    except DockerException:
        return []
    return [item["Id"] for item in found]


def remove_containers(settings: Settings) -> int:
    """Remove our emulator's containers and their volumes, and return how many containers there were.

    Raises:
        StackError: the engine refused to remove one.
    """
    client, found = _client(), containers(settings)
    for container in found:
        _remove(client, container)
    remove_volumes(client, instance(settings))
    return len(found)


def _client() -> docker.DockerClient | None:
    """Return the engine's client; without an engine there are no containers."""
    try:
        return docker.from_env(timeout=30)
    except DockerException:
        return None


def _remove(client: docker.DockerClient | None, container: str) -> None:
    if client is None:
        return
    try:
        client.api.remove_container(container, force=True, v=True)
    except NotFound:
        return
    except APIError as error:
        if error.status_code != 409:  # 409: somebody else removes it right now
            raise StackError(
                f"Container {container[:12]} could not be removed: {error}. Try again."
            ) from error


_INTERVAL = 0.2


def missing_services(settings: Settings, deadline: float = 40.0) -> list[str]:
    """Wait until every service runs as many tasks as desired; return those that still lack some in the end.

    The emulator forgets its containers when it ends and starts new ones shortly after it has begun; until
    then a service reports the count of before, so the tasks themselves are counted.
    """
    ecs = AwsAccess(REGION, settings.aws_url, "test", "test").client("ecs")
    until = time.monotonic() + deadline
    while missing := _short(ecs):
        if time.monotonic() > until:
            return missing
        time.sleep(_INTERVAL)
    return []


def _short(ecs: "ECSClient") -> list[str]:
    try:
        services = [
            service for cluster in ecs.list_clusters()["clusterArns"] for service in _services(ecs, cluster)
        ]
        return [
            service["serviceName"] for service in services if _running(ecs, service) < service["desiredCount"]
        ]
    except (ClientError, BotoCoreError):
        return ["(the emulator did not answer)"]


def _services(ecs: "ECSClient", cluster: str) -> list["ServiceTypeDef"]:
    names = ecs.list_services(cluster=cluster)["serviceArns"]
    found = ecs.describe_services(cluster=cluster, services=names)["services"] if names else []
    return [service for service in found if service["status"] == "ACTIVE"]


def _running(ecs: "ECSClient", service: "ServiceTypeDef") -> int:
    cluster = service["clusterArn"]
    name = service["serviceName"]
    arns = ecs.list_tasks(cluster=cluster, serviceName=name, desiredStatus="RUNNING")["taskArns"]
    return sum(task["lastStatus"] == "RUNNING" for task in describe_tasks(ecs, cluster, arns))
