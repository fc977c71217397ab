"""Waits until the services of a restarted emulator run their tasks again."""

import time
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from deployments.stack.settings import REGION, Settings
from pipeline.aws.access import AwsAccess

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


def _short(ecs: Any) -> list[str]:
    try:
        services = [
            service for cluster in ecs.list_clusters()["clusterArns"] for service in _services(ecs, cluster)
        ]
        return [
            service["serviceName"] for service in services if _running(ecs, service) < service["desiredCount"]
        ]
    except (ClientError, BotoCoreError):
        return ["(the emulator did not answer)"]


def _services(ecs: Any, cluster: str) -> list[Any]:
    names = ecs.list_services(cluster=cluster)["serviceArns"]
    found = ecs.describe_services(cluster=cluster, services=names)["services"] if names else []
    return [service for service in found if service["status"] == "ACTIVE"]


def _running(ecs: Any, service: Any) -> int:
    cluster = service["clusterArn"]
    tasks = ecs.list_tasks(cluster=cluster, serviceName=service["serviceName"], desiredStatus="RUNNING")[
        "taskArns"
    ]
    found = ecs.describe_tasks(cluster=cluster, tasks=tasks)["tasks"] if tasks else []
    return sum(task["lastStatus"] == "RUNNING" for task in found)
