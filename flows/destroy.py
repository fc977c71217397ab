"""The end of an environment."""

from datetime import timedelta
from functools import partial

from prefect import flow

from blocks.names import EnvironmentName
from flows.shared.ending import state_is_outcome
from flows.shared.infrastructure import Change, change_infrastructure
from tasks.environment import load_environment
from tasks.lease import one_change_at_a_time, query_prefect
from tasks.terraform import (
    pipeline_variables,
    plan_request,
    purge_stores,
    require_destroyable,
    show_contents,
    terraform_session,
)

PURGE_TIMEOUT = timedelta(minutes=30)


@flow(name="destroy", flow_run_name="{environment}")
@state_is_outcome
def destroy(environment: EnvironmentName, confirm: str, dry_run: bool = False) -> str:
    """Destroy everything that Terraform built in an environment, with all data in it.

    Only where environments.toml says that the environment is destroyable, and only when its name is typed
    again. The plan is shown, and what is in the buckets and the registry as a table; where the
    environment wants approval, a person decides in the form. Then buckets and registry are emptied, those of
    this plan and no others, and exactly that plan is applied. The state, its copies and the records of what
    was applied stay: deploy-infrastructure builds it all again, empty.

    **When it fails:** run it again, it goes on with what is left. Nothing brings the data back.

    Args:
        environment: which environment to destroy.
        confirm: its name once more.
        dry_run: only show what would be destroyed and emptied.
    """
    live = load_environment(environment, built=False)
    require_destroyable(live, confirm)
    change = Change(
        plan_request(live, destroy=True),
        pipeline_variables(live),
        allow=None,
        plan_only=dry_run,
        after_plan=partial(show_contents, live),
        before_apply=partial(purge_stores, live, within=PURGE_TIMEOUT),
        event="infrastructure.destroyed",
        records=False,
    )
    with one_change_at_a_time(live), terraform_session(live, query_prefect(live)) as session:
        return change_infrastructure(session, change)
