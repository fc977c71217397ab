"""Terraform's commands as tasks: its events go to the run's log as they come."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.logging import get_run_logger
from prefect.runtime import flow_run

from pipeline.clock import utc_now
from pipeline.doctor.model import Sizes
from pipeline.doctor.sizes import read_sizes
from pipeline.environment.files import PROJECT
from pipeline.errors import PipelineError
from pipeline.live import LiveEnvironment
from pipeline.state.backend import StateBackend
from pipeline.state.model import RunStatus
from pipeline.state.record import announced, note_read_back, this_run
from pipeline.state.unlock import forget_gone, inspect_lock, lock_keeper, unlock
from pipeline.terraform.backend import backend_config
from pipeline.terraform.diagnostics import TerraformError, TerraformStoppedError
from pipeline.terraform.document import Plan, PlanDocument
from pipeline.terraform.events import TerraformEvent
from pipeline.terraform.process_environment import root_variables
from pipeline.terraform.progress import PartialApply, Progress, advance, expected, partial_apply
from pipeline.terraform.purge import PurgeResult, containers, count_contents, purge
from pipeline.terraform.workspace import PlanRequest, Workspace, open_workspace
from tasks.support import retried_step, show_table, step


@step
def require_destroyable(live: LiveEnvironment, confirm: str) -> None:
    """Refuse unless the environment may be destroyed and its name was typed once more."""
    if not live.settings.destroyable:
        raise PipelineError(
            f"{live.name} is not destroyable. Nothing was done. If it must go, say so first: "
            f"destroyable = true under [environments.{live.name}] in deployments/environments.toml, "
            "then register again."
        )
    if confirm != live.name:
        raise PipelineError(
            f"Nothing was done: confirm is {confirm!r}. To destroy {live.name}, type its name there."
        )


@step
def show_contents(live: LiveEnvironment, document: PlanDocument) -> None:
    """Show how much is in the buckets and repositories that the plan destroys."""
    rows = [
        {"resource": item.address, "name": item.name, "holds": count_contents(live.access, item)}
        for item in containers(document)
    ]
    show_table(
        live,
        "emptied",
        rows,
        f"{live.name}: versions and images that are deleted for good (at most 10,000 counted)",
    )
    get_run_logger().info("To be emptied: %s", ", ".join(f"{row['name']} ({row['holds']})" for row in rows))


@step
def purge_stores(live: LiveEnvironment, document: PlanDocument, within: timedelta) -> list[PurgeResult]:
    """Empty the buckets and repositories that the plan destroys. Repeating it goes on."""
    end = utc_now() + within
    found = [purge(live.access, item, lambda: utc_now() < end) for item in containers(document)]
    for item in found:
        get_run_logger().info("%s: %d removed", item.container.name, item.count)
    return found


ROOT_MODULE = PROJECT / "terraform"
_RUN_BOUND = timedelta(hours=3)
"""Longer than any run takes; a lock that is older than its run's bound has lost its owner."""


@dataclass
class ApplyReporter:
    """Hears Terraform's events: logs them, and knows how far an apply is."""

    log: Any
    progress: Progress = field(default_factory=Progress)

    def __call__(self, event: TerraformEvent) -> None:
        """Hear one event."""
        self.progress = advance(self.progress, event)
        if event.diagnostic is not None:
            self.log.warning(event.message)
        elif event.kind not in ("log", "refresh_start", "refresh_complete"):
            self.log.info(event.message)


@dataclass(frozen=True)
class Session:
    """One run's work on one environment's infrastructure."""

    live: LiveEnvironment
    workspace: Workspace
    listener: ApplyReporter
    home: StateBackend
    run_id: str


@contextmanager
def terraform_session(
    live: LiveEnvironment, known: Mapping[str, RunStatus], module: Path | None = None
) -> Iterator[Session]:
    """Give the flow its private workspace on the module (the project's own where none is given).

    Plan and apply happen in the same one.

    A record beside the state names this run for as long as it works, so that a lock it leaves behind when it
    is killed can be told from a living one. ``known`` is what Prefect says of the runs that left such
    records: those of other hosts, as containers and ECS tasks are, cannot be seen from here.
    """
    listener, home, run_id = ApplyReporter(get_run_logger()), live.state, str(flow_run.id)
    _forget_dead_runs(home, known, listener.log)
    keeper = lock_keeper(home, run_id, listener.log.warning)
    with open_workspace(
        module or ROOT_MODULE, live.access, label=live.name, on_event=listener, hook=keeper
    ) as workspace:
        record = this_run(run_id, live.name, workspace.folder.path, _RUN_BOUND)
        with announced(home, record):
            yield Session(live, workspace, listener, home, run_id)


def _forget_dead_runs(home: StateBackend, known: Mapping[str, RunStatus], log: Any) -> None:
    """Free the lock of a run that was killed; a living owner's stays, and Terraform waits for it."""
    report = inspect_lock(home, known)
    if report.lock is not None and report.verdict.removable:
        unlock(home, report.lock.id, known)
        log.warning("Freed the state's lock: %s", report.verdict.reason)
    forget_gone(home, known)


@retried_step
def terraform_init(session: Session) -> None:
    """Prepare backend and providers, and validate the configuration."""
    session.workspace.init(backend_config(session.live.settings))
    for warning in session.workspace.validate():
        get_run_logger().warning(str(warning))


def plan_request(
    live: LiveEnvironment, adopt: Mapping[str, str] | None = None, **options: Any
) -> PlanRequest:
    """Return what to plan for the environment: its variables, its sizes, what to take over, other options."""
    variables = pipeline_variables(live) | ({"adopt": dict(adopt)} if adopt else {})
    return PlanRequest(variables=variables, var_files=(sizes_of(live),), **options)


def sizes_of(live: LiveEnvironment) -> Path:
    """Return the file with the environment's sizes.

    Raises:
        PipelineError: there is none.
    """
    file = PROJECT / live.settings.sizes
    if not file.is_file():
        raise PipelineError(
            f"{live.name} has no sizes: there is no {file}. Copy another environment's, such as "
            "terraform/environments/staging.tfvars, and adapt it."
        )
    return file


def pipeline_variables(live: LiveEnvironment) -> dict[str, Any]:
    """Return the variables that the pipeline hands to the root module."""
    path = live.settings.data_host_path
    return root_variables(live.settings, {"data_host_path": str(PROJECT / path) if path else None})


@step
def read_root_sizes(live: LiveEnvironment) -> Sizes:
    """Return the environment's sizes, with the root module's defaults."""
    return read_sizes(ROOT_MODULE, live.access, plan_request(live))


@step
def terraform_plan(session: Session, request: PlanRequest) -> Plan:
    """Plan the environment to a file."""
    return session.workspace.plan(request)


@step
def terraform_show(session: Session, plan: Plan) -> PlanDocument:
    """Read the plan; its drift is what somebody has changed."""
    return session.workspace.made_by_somebody(session.workspace.show(plan))


@step
def terraform_apply(session: Session, plan: Plan, document: PlanDocument) -> None:
    """Apply exactly this plan. Never retried: what was done is in the state, and the next run goes on."""
    reporter = session.listener
    reporter.progress = expected(document)
    artifact = create_progress_artifact(
        progress=0.0, key=f"apply-{session.live.name}", description=_progress_text(session, reporter.progress)
    )

    def show(progress: Progress) -> None:
        update_progress_artifact(artifact, progress.percent, _progress_text(session, progress))  # type: ignore[arg-type]

    def on_event(event: TerraformEvent) -> None:
        before = len(reporter.progress.done)
        reporter(event)
        if len(reporter.progress.done) != before:
            show(reporter.progress)

    try:
        execution = replace(session.workspace.execution, on_event=on_event)
        replace(session.workspace, execution=execution).apply(plan)
    except TerraformError as error:
        session.listener.log.warning(describe_partial_apply(reporter.progress, error).advice)
        raise
    finally:
        show(reporter.progress)


@step
def read_back(session: Session, request: PlanRequest) -> None:
    """Bring the state to how everything reads after an apply, so that what differs later is somebody's doing.

    Where that fails, the apply was good all the same; detect-drift says that it lacks.
    """
    log = get_run_logger()
    try:
        gone = session.workspace.read_back(request)
        if gone:
            log.warning("Not read back, as these seem to be gone: %s", ", ".join(gone))
        else:
            note_read_back(session.home)
    except PipelineError as error:
        log.warning("What was applied could not be read back: %s", error)


def _progress_text(session: Session, progress: Progress) -> str:
    failed = f", {len(progress.failed)} failed" if progress.failed else ""
    return f"{session.live.name}: {len(progress.done)} of {progress.total} resources done{failed}"


def describe_partial_apply(progress: Progress, error: TerraformError) -> PartialApply:
    """Say what a failed apply has done."""
    graceful = error.graceful if isinstance(error, TerraformStoppedError) else True
    return partial_apply(progress, graceful=graceful)
