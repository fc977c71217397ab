"""Waits until the services of a restarted emulator run their tasks again."""

import time
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from deployments.local.stack.settings import REGION, Settings
from pipeline.aws.access import AwsAccess
from pipeline.ecs.service import describe_tasks

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_ecs.type_defs import ServiceTypeDef

_INTERVAL = 0.2


def lacking(settings: Settings, deadline: float = 40.0) -> list[str]:
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
