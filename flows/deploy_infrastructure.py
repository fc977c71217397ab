"""From Terraform files to infrastructure."""

from prefect import flow

from blocks.names import EnvironmentName
from flows.shared.ending import state_is_outcome
from flows.shared.infrastructure import Change, change_infrastructure
from tasks.environment import load_environment
from tasks.lease import one_change_at_a_time, query_prefect
from tasks.scaling import keep_minimum_of_tasks
from tasks.state import find_adoptable, restore_secret
from tasks.terraform import pipeline_variables, plan_request, terraform_session


@flow(name="deploy-infrastructure", flow_run_name="{environment}")
@state_is_outcome
def deploy_infrastructure(
    environment: EnvironmentName,
    plan_only: bool = False,
    allow_loss: list[str] | None = None,
    adopt: bool = False,
) -> str:
    """Bring the infrastructure to what the Terraform files say: plan to a file, apply that very plan.

    The plan is shown among the run's artifacts. A plan that would destroy what holds data is
    refused. Where the environment wants approval, the run is suspended until a person decides in the form of
    its page; then exactly the plan that was shown is applied, or nothing. The state is copied before, and the
    configuration recorded after, for rollback-infrastructure. What was built is published in one SSM
    parameter, which the other flows read.

    **When it fails:** a wrong configuration is named with file and line. After a failed or interrupted apply
    the state is saved and the lock is free; run the flow again to go on. A lock that a killed run left behind
    is removed by unlock-state.

    Args:
        environment: which environment to change.
        plan_only: only show what would change.
        allow_loss: addresses of resources that hold data and may be destroyed or replaced by this run.
        adopt: take over what stands under the environment's names already, made by somebody else.
    """
    live = load_environment(environment, built=False)
    with one_change_at_a_time(live), terraform_session(live, query_prefect(live)) as session:
        adopted = {} if plan_only else restore_secret(live)
        if adopt:
            adopted |= find_adoptable(live)
        request = plan_request(live, adopt=adopted)
        change = Change(request, pipeline_variables(live), allow=allow_loss or (), plan_only=plan_only)
        ended = change_infrastructure(session, change)
    if not plan_only:
        live = live.read()  # what the other flows need was published, and they understand it
        keep_minimum_of_tasks(live)
    return ended
