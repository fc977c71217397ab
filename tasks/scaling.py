"""Bounds of auto scaling."""

from prefect.logging import get_run_logger

from pipeline.ecs.scaling import AutoScaling
from pipeline.live import LiveEnvironment
from tasks.support import step


@step
def keep_minimum_of_tasks(live: LiveEnvironment) -> None:
    """Have auto scaling keep the fewest tasks, once the service has any: before, there is no image."""
    service = live.service.describe() if live.outputs.auto_scaling else None
    if service is not None and service.desired:
        kept = AutoScaling(live.access, live.outputs).keep_minimum()
        if kept is not None:
            get_run_logger().info("Auto scaling keeps %d tasks at least", kept)
