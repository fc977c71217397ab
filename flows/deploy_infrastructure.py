"""From Terraform files to infrastructure."""

from prefect import flow
from prefect.logging import get_run_logger

from blocks.names import EnvironmentName
from pipeline.outputs import Outputs
from tasks.environment import load_environment, read_outputs
from tasks.plan_report import report_plan
from tasks.terraform import (
    terraform_apply,
    terraform_init,
    terraform_plan,
    terraform_show,
    terraform_workspace,
)


@flow(name="deploy-infrastructure", flow_run_name="{environment}")
def deploy_infrastructure(environment: EnvironmentName, plan_only: bool = False) -> Outputs | None:
    """Bring the infrastructure to what the Terraform files say: plan to a file, apply that very plan.

    The plan is shown as an artifact of the run. What was built is published in one SSM parameter, which the
    other flows read.

    **When it fails:** a wrong configuration is named with file and line. After a failed or interrupted apply
    the state is saved and the lock is free; run the flow again to go on.

    Args:
        environment: which environment to change.
        plan_only: only show what would change.
    """
    target = load_environment(environment)
    with terraform_workspace(target) as workspace:
        terraform_init(workspace, target)
        plan = terraform_plan(workspace, target)
        report_plan(target, terraform_show(workspace, plan))
        if plan_only:
            return None
        if plan.has_changes:
            terraform_apply(workspace, plan)
        else:
            get_run_logger().info("No changes: the infrastructure is what the configuration says.")
    return read_outputs(target)
