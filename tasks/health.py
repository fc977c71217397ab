"""Checks the release that is running."""

from prefect.logging import get_run_logger

from pipeline.delivery.model import GateSettings, Verification
from pipeline.delivery.running import verify_running
from pipeline.live import LiveEnvironment
from tasks.support import step


@step
def check_running_release(live: LiveEnvironment) -> Verification:
    """Put the running release through the gates of a rollout, without the soak."""
    found = verify_running(
        live.service,
        live.outputs,
        live.probe(),
        GateSettings(window=10, soak=0),
    )
    get_run_logger().info("%s: %s", found.outcome, found.message)
    return found
