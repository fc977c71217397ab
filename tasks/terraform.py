"""Terraform's commands as tasks: its events go to the run's log as they come."""

from collections.abc import Iterator
from contextlib import contextmanager

from prefect import task
from prefect.logging import get_run_logger

from blocks import Target
from pipeline.environment import PROJECT
from pipeline.terraform import (
    DiagnosticEvent,
    LogEvent,
    Plan,
    PlanDocument,
    PlanRequest,
    Refresh,
    TerraformEvent,
    Workspace,
    backend_config,
    open_workspace,
    root_variables,
)

ROOT_MODULE = PROJECT / "terraform"


@contextmanager
def terraform_workspace(target: Target) -> Iterator[Workspace]:
    """Give the flow its private workspace on the root module; plan and apply happen in the same one."""
    log = get_run_logger()

    def tell(event: TerraformEvent) -> None:
        if isinstance(event, DiagnosticEvent):
            log.warning(event.message)
        elif not isinstance(event, Refresh | LogEvent):
            log.info(event.message)

    with open_workspace(ROOT_MODULE, target.access, label=target.name, on_event=tell) as workspace:
        yield workspace


@task(name="terraform-init", retries=2, retry_delay_seconds=[2, 10], persist_result=False)
def terraform_init(workspace: Workspace, target: Target) -> None:
    """Prepare backend and providers, and validate the configuration."""
    workspace.init(backend_config(target.environment))
    for warning in workspace.validate():
        get_run_logger().warning(str(warning))


@task(name="terraform-plan", persist_result=False)
def terraform_plan(workspace: Workspace, target: Target, destroy: bool = False) -> Plan:
    """Plan the environment to a file."""
    environment = target.environment
    variables = root_variables(environment, {"data_host_path": _data_host_path(target)})
    sizes = ROOT_MODULE / "environments" / f"{environment.name}.tfvars"
    return workspace.plan(PlanRequest(variables=variables, var_files=(sizes,), destroy=destroy))


def _data_host_path(target: Target) -> str | None:
    """Return the folder as an absolute path; a relative one lies in the project."""
    path = target.environment.data_host_path
    return str(PROJECT / path) if path else None


@task(name="terraform-show", persist_result=False)
def terraform_show(workspace: Workspace, plan: Plan) -> PlanDocument:
    """Read the plan."""
    return workspace.show(plan)


@task(name="terraform-apply", persist_result=False)
def terraform_apply(workspace: Workspace, plan: Plan) -> None:
    """Apply exactly this plan. Never retried: what was done is in the state, and the next run goes on."""
    workspace.apply(plan)
