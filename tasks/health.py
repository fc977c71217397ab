"""Checks the release that is running."""

from prefect.logging import get_run_logger

from blocks.deploy_environment import Target
from pipeline.delivery.address import probe_of
from pipeline.delivery.running import verify_running
from pipeline.delivery.verify import GateSettings, Verification
from pipeline.outputs import Outputs
from tasks.support import service_of, step


@step
def check_running_release(target: Target, outputs: Outputs) -> Verification:
    """Put the running release through the gates of a rollout, without the soak."""
    found = verify_running(
        service_of(target, outputs),
        outputs,
        probe_of(target.environment, outputs, release=None),
        GateSettings(window=10, soak=0),
    )
    get_run_logger().info("%s: %s", found.outcome, found.message)
    return found
