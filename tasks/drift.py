"""Tells the world about drift."""

from prefect.logging import get_run_logger

from pipeline.live import LiveEnvironment
from pipeline.terraform.summary import PlanSummary
from tasks.support import step, tell_world


@step
def report_drift(live: LiveEnvironment, summary: PlanSummary, has_changes: bool) -> bool:
    """Emit an event when the infrastructure differs from the configuration."""
    differs = has_changes or bool(summary.changed_by_hand)
    if differs:
        changed = [row.address for row in summary.changed_by_hand]
        get_run_logger().warning("%s differs from its configuration: %s", live.name, summary.sentence)
        tell_world(live, "drift.found", summary=summary.sentence, resources=changed[:50])
    return differs
