"""Load balancer and auto scaling of the region.

Sources: Elastic Load Balancing API reference, TargetHealth; Application Load Balancer user guide, "Health
checks" (fail open: with no healthy target, requests go to all); Application Auto Scaling API reference,
RegisterScalableTarget.
"""

from dataclasses import dataclass, field
from typing import Any

import httpx
from region_service import Service
from support.answering import Refusal

GROUP = "arn:aws:elasticloadbalancing:af-south-1:123456789012:targetgroup/app/1"
_REASONS = {
    "initial": ("Elb.RegistrationInProgress", "Target registration is in progress"),
    "unhealthy": ("Target.FailedHealthChecks", "Health checks failed"),
    "draining": ("Target.DeregistrationInProgress", "Target deregistration is in progress"),
}


@dataclass
class Balancer:
    """One target group behind one load balancer."""

    service: Service
    application: Any
    turn: int = 0

    def describe_target_health(self, *, TargetGroupArn: str) -> dict[str, Any]:  # noqa: N803 - boto3's spelling
        """Return every registered target."""
        if TargetGroupArn != GROUP:
            raise Refusal("TargetGroupNotFound", "One or more target groups not found")
        found = []
        for task in self.service.tasks.alive(self.service.group):
            if task.target:
                health = {"State": task.target}
                if task.target in _REASONS:
                    health["Reason"], health["Description"] = _REASONS[task.target]
                found.append({"Target": {"Id": task.address, "Port": 8000}, "TargetHealth": health})
        return {"TargetHealthDescriptions": found}

    def describe_target_groups(self, *, TargetGroupArns: list[str]) -> dict[str, Any]:  # noqa: N803 - boto3's spelling
        """Return the group."""
        group = {"HealthCheckPath": "/health/", "Matcher": {"HttpCode": "200-299"}}
        return {"TargetGroups": [{"TargetGroupArn": arn, **group} for arn in TargetGroupArns]}

    def answer(self) -> httpx.Response:
        """Answer as the next target does."""
        tasks = [task for task in self.service.tasks.alive(self.service.group) if task.answers]
        serving = [task for task in tasks if task.target == "healthy"]
        serving = serving or [task for task in tasks if task.target in ("initial", "unhealthy")]
        if not serving:
            return httpx.Response(503, text="<html>503 Service Temporarily Unavailable</html>")
        self.turn += 1
        return self.application.answer(serving[self.turn % len(serving)])

    def served(self) -> bool:
        """Whether every visitor gets a good answer now."""
        tasks = [task for task in self.service.tasks.alive(self.service.group) if task.target == "healthy"]
        return bool(tasks) and all(self.application.well(task) for task in tasks)


@dataclass
class Scaling:
    """The scalable target of the service."""

    service: Service
    name: str
    minimum: int = 1
    maximum: int = 6
    suspended: dict[str, bool] = field(default_factory=dict)

    def describe_scalable_targets(self, *, ServiceNamespace: str, **asked: Any) -> dict[str, Any]:  # noqa: N803
        """Return the target."""
        told = {
            "ServiceNamespace": ServiceNamespace,
            "ResourceId": self.name,
            "ScalableDimension": "ecs:service:DesiredCount",
            "MinCapacity": self.minimum,
            "MaxCapacity": self.maximum,
            "RoleARN": "arn:aws:iam::123456789012:role/scaling",
            "CreationTime": self.service.clock.now(),
            "SuspendedState": {**dict.fromkeys(_ALL, False), **self.suspended},
        }
        return {"ScalableTargets": [told]}

    def register_scalable_target(self, **asked: Any) -> dict[str, Any]:
        """Change bounds; a service outside of them is moved into them, suspended or not."""
        self.minimum = asked.get("MinCapacity", self.minimum)
        self.maximum = asked.get("MaxCapacity", self.maximum)
        self.suspended |= asked.get("SuspendedState", {})
        self.service.scale(min(max(self.service.desired, self.minimum), self.maximum))
        return {}

    def scale_out(self) -> bool:
        """Want one task more, as a busy processor does; not while that is suspended, or at the maximum."""
        if self.suspended.get("DynamicScalingOutSuspended") or self.service.desired in (0, self.maximum):
            return False
        self.service.scale(self.service.desired + 1)
        return True


_ALL = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")
