"""Check of the running release's health."""

from prefect import flow

from blocks.names import EnvironmentName
from flows.diagnose import explain_failure
from flows.shared.ending import state_is_outcome
from pipeline.errors import PipelineError
from tasks.environment import load_environment
from tasks.gates import check_running_release, tell_rollback_off


@flow(name="verify-health", flow_run_name="{environment}")
@state_is_outcome
def verify_health(environment: EnvironmentName) -> str:
    """Check the service, its tasks, the target groups and the health path through the load balancer.

    It also says where a killed run has left ECS's own rollback off.

    **When it fails:** the error says which check, and the likeliest cause; the page among the run's artifacts
    has the others, as diagnose shows them.

    Args:
        environment: where to look.
    """
    live = load_environment(environment)
    found = check_running_release(live)
    if not found.outcome.good:
        said = (found.message, explain_failure(live), found.outcome.advice)
        raise PipelineError("\n".join(filter(None, said)))
    return " ".join(filter(None, (found.message, tell_rollback_off(live))))
