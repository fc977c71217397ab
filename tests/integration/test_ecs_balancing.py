"""The emulated load balancer in front of a task of two containers."""

import time
from typing import Any

import httpx
import pytest
from ecs_emulator import CLUSTER, Lab, lab

pytestmark = pytest.mark.docker
__all__ = ["lab"]

PORT = 8080
# Becomes healthy a while after its start, and says by which protocol its visitor came.
SERVES = """
/busybox mkdir -p /www/cgi-bin
echo '#!/busybox sh
echo; echo "$HTTP_X_FORWARDED_PROTO"' > /www/cgi-bin/proto
/busybox chmod +x /www/cgi-bin/proto
/busybox httpd -p 8080 -h /www
/busybox sleep 2; echo > /ready
trap 'exit 0' TERM; while :; do /busybox sleep 0.1; done
"""


def balanced(lab: Lab) -> str:
    """Make a load balancer; return the ARN of its target group."""
    elbv2 = lab.access.client("elbv2")
    balancer = elbv2.create_load_balancer(Name="front")["LoadBalancers"][0]["LoadBalancerArn"]
    group = elbv2.create_target_group(Name="front", Protocol="HTTP", Port=PORT, TargetType="ip")
    arn = str(group["TargetGroups"][0]["TargetGroupArn"])
    forward: Any = [{"Type": "forward", "TargetGroupArn": arn}]
    elbv2.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=forward)
    return arn


def test_visitors_reach_a_healthy_task_and_come_by_https(lab: Lab) -> None:
    """At the task's one address, which its first container does not have, and not before it is healthy."""
    command = ["/busybox", "sh", "-c"]
    side = {
        "name": "side",
        "image": lab.image,
        "essential": False,
        "command": [*command, "/busybox sleep 100"],
    }
    app = {
        "name": "app",
        "image": lab.image,
        "command": [*command, SERVES],
        "dependsOn": [{"containerName": "side", "condition": "START"}],
        "healthCheck": {"command": ["CMD", "/busybox", "test", "-e", "/ready"]},
    }
    ecs, url = lab.access.client("ecs"), str(lab.access.endpoint_url)
    ecs.register_task_definition(family="front", networkMode="awsvpc", containerDefinitions=[app, side])
    ecs.create_service(
        cluster=CLUSTER,
        serviceName="front",
        taskDefinition="front",
        desiredCount=1,
        launchType="FARGATE",
        loadBalancers=[{"targetGroupArn": balanced(lab), "containerName": "app", "containerPort": PORT}],
    )
    host = {"Host": f"front.alb.localhost:{url.rpartition(':')[2]}"}
    answers: list[tuple[int, str]] = []
    deadline = time.monotonic() + 60
    while not answers or answers[-1][0] != 200:
        assert time.monotonic() < deadline, answers[-1]
        answer = httpx.get(f"{url}/cgi-bin/proto", headers=host, trust_env=False)
        answers.append((answer.status_code, answer.text.strip()))
        time.sleep(0.1)
    assert answers[-1] == (200, "https")
    assert {status for status, _ in answers[:-1]} == {503}, "nobody was sent to a task that is not ready"
