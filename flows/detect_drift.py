"""Comparison of the infrastructure with its configuration."""

from prefect import flow

from blocks.names import EnvironmentName
from flows.shared.ending import counted, state_is_outcome
from pipeline.errors import PipelineError
from tasks.change import report_drift, report_plan
from tasks.environment import load_environment
from tasks.lease import one_change_at_a_time, query_prefect
from tasks.terraform import plan_request, terraform_init, terraform_plan, terraform_session, terraform_show


@flow(name="detect-drift", flow_run_name="{environment}")
@state_is_outcome
def detect_drift(environment: EnvironmentName) -> str:
    """Plan without applying, and report what differs from the configuration.

    An event is emitted when there is a difference, for automations. The page tells what was changed by hand
    (drift) from what the configuration would change.

    **When it fails:** something differs, and the message names the first of it: run deploy-infrastructure to
    bring the configuration back, or change the configuration to what is wanted. Or Terraform could not plan.

    Args:
        environment: where to look.
    """
    live = load_environment(environment, built=False)
    with one_change_at_a_time(live), terraform_session(live, query_prefect(live)) as session:
        terraform_init(session)
        plan = terraform_plan(session, plan_request(live))
        document = terraform_show(session, plan)
        difference = report_drift(live, report_plan(live, document, key="drift"))
    if difference:
        raise PipelineError(difference)
    return f"No drift: {counted(len(document.addresses), 'resource')} look as Terraform left them."
