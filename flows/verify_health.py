"""Check of the running release's health."""

from prefect import flow

from blocks.names import EnvironmentName
from pipeline.errors import PipelineError
from tasks.environment import load_environment
from tasks.rollout import check_running_release


@flow(name="verify-health", flow_run_name="{environment}")
def verify_health(environment: EnvironmentName) -> str:
    """Check the service, its tasks, the target groups and the health path through the load balancer.

    **When it fails:** the error says which check; docs/runbook/troubleshooting.md has the likely causes.

    Args:
        environment: where to look.
    """
    live = load_environment(environment)
    found = check_running_release(live)
    if not found.outcome.good:
        raise PipelineError(f"{found.outcome}: {found.message} {found.outcome.advice}")
    return found.message
