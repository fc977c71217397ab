"""Comparison of the infrastructure with its configuration."""

from prefect import flow

from blocks.names import EnvironmentName
from tasks.change import report_drift, report_plan
from tasks.environment import load_environment
from tasks.lease import one_change_at_a_time
from tasks.terraform import plan_request, terraform_init, terraform_plan, terraform_session, terraform_show


@flow(name="detect-drift", flow_run_name="{environment}")
def detect_drift(environment: EnvironmentName) -> bool:
    """Plan without applying, and report what differs from the configuration.

    An event is emitted when there is a difference, for automations. The table tells what was changed by hand
    (drift) from what the configuration would change.

    **When there is drift:** run deploy-infrastructure to bring the configuration back, or change the
    configuration to what is wanted.

    Args:
        environment: where to look.

    Returns:
        Whether anything differs.
    """
    live = load_environment(environment, built=False)
    with one_change_at_a_time(live), terraform_session(live) as session:
        terraform_init(session)
        plan = terraform_plan(session, plan_request(live))
        summary = report_plan(live, terraform_show(session, plan), key="drift")
    return report_drift(live, summary, plan.has_changes)
