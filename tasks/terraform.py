"""Terraform's commands as tasks: its events go to the run's log as they come."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.logging import get_run_logger
from prefect.runtime import flow_run

from pipeline.environment.catalogue import PROJECT
from pipeline.live import LiveEnvironment
from pipeline.state.home import StateHome
from pipeline.state.runs import announced, this_run
from pipeline.state.unlock import forget_gone, inspect_lock, lock_keeper, unlock
from pipeline.terraform.aftermath import Aftermath, aftermath
from pipeline.terraform.backend import backend_config
from pipeline.terraform.document import PlanDocument
from pipeline.terraform.errors import TerraformError, TerraformStoppedError
from pipeline.terraform.events import DiagnosticEvent, LogEvent, Refresh, TerraformEvent
from pipeline.terraform.plan import Plan
from pipeline.terraform.progress import Progress, advance, expected
from pipeline.terraform.variables import root_variables
from pipeline.terraform.workspace import PlanRequest, Workspace, open_workspace
from tasks.support import retried_step, step

ROOT_MODULE = PROJECT / "terraform"
_RUN_BOUND = timedelta(hours=3)
"""Longer than any run takes; a lock that is older than its run's bound has lost its owner."""


@dataclass
class Listener:
    """Hears Terraform's events: logs them, and knows how far an apply is."""

    log: Any
    progress: Progress = field(default_factory=Progress)

    def __call__(self, event: TerraformEvent) -> None:
        """Hear one event."""
        self.progress = advance(self.progress, event)
        if isinstance(event, DiagnosticEvent):
            self.log.warning(event.message)
        elif not isinstance(event, Refresh | LogEvent):
            self.log.info(event.message)


@dataclass(frozen=True)
class Session:
    """One run's work on one environment's infrastructure."""

    live: LiveEnvironment
    workspace: Workspace
    listener: Listener
    home: StateHome
    run_id: str


@contextmanager
def terraform_session(live: LiveEnvironment, module: Path | None = None) -> Iterator[Session]:
    """Give the flow its private workspace on the module (the project's own where none is given).

    Plan and apply happen in the same one.

    A record beside the state names this run for as long as it works, so that a lock it leaves behind when it
    is killed can be told from a living one.
    """
    listener, home, run_id = (
        Listener(get_run_logger()),
        live.state,
        str(flow_run.id),
    )
    _forget_dead_runs(home, listener.log)
    keeper = lock_keeper(home, run_id, listener.log.warning)
    with open_workspace(
        module or ROOT_MODULE, live.access, label=live.name, on_event=listener, around=keeper
    ) as workspace:
        record = this_run(run_id, live.name, workspace.folder.path, _RUN_BOUND)
        with announced(home, record):
            yield Session(live, workspace, listener, home, run_id)


def _forget_dead_runs(home: StateHome, log: Any) -> None:
    """Free the lock of a run that was killed; a living owner's stays, and Terraform waits for it."""
    report = inspect_lock(home)
    if report.lock is not None and report.verdict.removable:
        unlock(home, report.lock.id)
        log.warning("Freed the state's lock: %s", report.verdict.reason)
    forget_gone(home)


@retried_step
def terraform_init(session: Session) -> None:
    """Prepare backend and providers, and validate the configuration."""
    session.workspace.init(backend_config(session.live.settings))
    for warning in session.workspace.validate():
        get_run_logger().warning(str(warning))


def plan_request(live: LiveEnvironment, **options: Any) -> PlanRequest:
    """Return what to plan for the environment: its variables, its sizes, and other options."""
    sizes = ROOT_MODULE / "environments" / f"{live.name}.tfvars"
    return PlanRequest(variables=pipeline_variables(live), var_files=(sizes,), **options)


def pipeline_variables(live: LiveEnvironment) -> dict[str, Any]:
    """Return the variables that the pipeline hands to the root module."""
    path = live.settings.data_host_path
    return root_variables(live.settings, {"data_host_path": str(PROJECT / path) if path else None})


@step
def terraform_plan(session: Session, request: PlanRequest) -> Plan:
    """Plan the environment to a file."""
    return session.workspace.plan(request)


@step
def terraform_show(session: Session, plan: Plan) -> PlanDocument:
    """Read the plan."""
    return session.workspace.show(plan)


@step
def terraform_apply(session: Session, plan: Plan, document: PlanDocument) -> None:
    """Apply exactly this plan. Never retried: what was done is in the state, and the next run goes on."""
    hear = session.listener
    hear.progress = expected(document)
    artifact = create_progress_artifact(
        progress=0.0, key=f"apply-{session.live.name}", description=_told(session, hear.progress)
    )

    def show(progress: Progress) -> None:
        update_progress_artifact(artifact, progress.percent, _told(session, progress))  # type: ignore[arg-type]

    def tell(event: TerraformEvent) -> None:
        before = len(hear.progress.done)
        hear(event)
        if len(hear.progress.done) != before:
            show(hear.progress)

    try:
        _listening(session.workspace, tell).apply(plan)
    except TerraformError as error:
        session.listener.log.warning(aftermath_of(hear.progress, error).advice)
        raise
    finally:
        show(hear.progress)


def _told(session: Session, progress: Progress) -> str:
    failed = f", {len(progress.failed)} failed" if progress.failed else ""
    return f"{session.live.name}: {len(progress.done)} of {progress.total} resources done{failed}"


def aftermath_of(progress: Progress, error: TerraformError) -> Aftermath:
    """Say what a failed apply has done."""
    graceful = error.graceful if isinstance(error, TerraformStoppedError) else True
    return aftermath(progress, graceful=graceful)


def _listening(workspace: Workspace, tell: Any) -> Workspace:
    return replace(workspace, execution=replace(workspace.execution, on_event=tell))
