"""How long things take on Fargate, in seconds; each a range from which the region draws, or one figure."""

from dataclasses import dataclass

Range = tuple[float, float]


@dataclass(frozen=True)
class Pace:
    """Times of a task's life and of a deployment's; sources in docs/simulated-region.md."""

    schedule: Range = (5, 15)
    """From UpdateService, or the end of a task, to the start of the task that takes its place."""
    network: Range = (8, 15)
    """PROVISIONING: the task's network interface."""
    pull: Range = (12, 20)
    """PENDING: the image's layers, ~100 MB, and the container's start."""
    deprovision: Range = (15, 25)
    """DEPROVISIONING: from the container's end to STOPPED; its exit code is there before."""
    terminate: Range = (1, 3)
    """From SIGTERM to the end of a container that obeys."""
    stop_timeout: float = 30
    """From SIGTERM to SIGKILL."""
    container_interval: float = 10
    """Interval of the container's own health check."""
    target_interval: float = 10
    """Interval of the load balancer's health check; two good ones make a target healthy."""
    drain: float = 30
    """Deregistration delay."""
    steady: Range = (10, 30)
    """From the last old task's end to COMPLETED."""
    bake: float = 300
    """What ECS adds before COMPLETED where a deployment has alarms."""
    service_lag: Range = (0, 4)
    """Time for which DescribeServices may answer as it was before UpdateService."""
    task_lag: Range = (0, 3)
    """Time for which a new task may be unknown."""


QUICK = Pace(bake=60)
"""As on Fargate, with a shorter bake."""
TERRAFORM = Pace(container_interval=15, target_interval=15, drain=30)
"""As on Fargate, with the intervals that Terraform sets."""
