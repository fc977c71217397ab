"""Back to an infrastructure that was recorded as good."""

from prefect import flow

from blocks.names import EnvironmentName
from flows.shared.ending import state_is_outcome
from flows.shared.infrastructure import Change, change_infrastructure
from flows.shared.naming import run_name
from pipeline.terraform.workspace import PlanRequest
from tasks.environment import load_environment
from tasks.lease import one_change_at_a_time, query_prefect
from tasks.state import choose_configuration, unpacked_configuration
from tasks.terraform import terraform_session


@flow(name="rollback-infrastructure", flow_run_name=run_name)
@state_is_outcome
def rollback_infrastructure(
    environment: EnvironmentName,
    record: str | None = None,
    targets: list[str] | None = None,
    plan_only: bool = False,
    allow_loss: list[str] | None = None,
) -> str:
    """Apply a recorded configuration to the present state: the last good one, or a chosen one.

    The state is never overwritten: Terraform plans the way from what is there to what was. The plan goes
    through the same guard and approval as any other. A table lists what is recorded.

    **When it fails:** the error lists the records that exist, or what a mistyped target may have meant. Run
    detect-drift afterwards when `targets` was used: the rest of the infrastructure stayed as it was.

    Args:
        environment: which environment to change.
        record: name of a recorded configuration, or its beginning; the last good one when left out.
        targets: change only these resource addresses and what they need.
        plan_only: only show what would change.
        allow_loss: addresses of resources that hold data and may be destroyed or replaced by this run.
    """
    live = load_environment(environment, built=False)
    chosen = choose_configuration(live, record)
    with (
        one_change_at_a_time(live),
        unpacked_configuration(live, chosen) as past,
        terraform_session(live, query_prefect(live), past.module) as session,
    ):
        request = PlanRequest(variables=past.variables, var_files=(past.sizes,), targets=tuple(targets or ()))
        change = Change(
            request, past.variables, allow=allow_loss or (), restores=chosen.name, plan_only=plan_only
        )
        return f"Configuration {chosen.name}: {change_infrastructure(session, change)}"
