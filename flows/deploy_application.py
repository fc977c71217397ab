"""From a commit to a verified release."""

from dataclasses import dataclass
from typing import NoReturn

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from blocks.names import EnvironmentName
from flows.diagnose import explain_failure
from flows.shared.ending import state_is_outcome
from flows.shared.naming import completed, run_name
from flows.shared.rehearsal import prepare_release, rehearsing
from flows.shared.rollback import carry_out_decision, note_of, roll_back_release, rollback_was_prompted
from flows.shared.rollout import RolloutEnd, roll_out
from pipeline.clock import Stopwatch
from pipeline.ecs.model import Outcome
from pipeline.errors import PipelineError
from pipeline.live import LiveEnvironment
from pipeline.release.model import Release
from tasks.environment import load_environment, preflight
from tasks.image import (
    build_release,
    check_image,
    fetch_source,
    find_release,
    list_packages,
    pass_scan_gate,
    push_release,
    require_image,
)
from tasks.lease import one_delivery_at_a_time, refuse_second_delivery
from tasks.record import name_run, report_release
from tasks.recovery import refuse_open_restore
from tasks.rollout import is_rehearsed, register_revision
from tasks.signature import check_signature
from tasks.support import emit


class DeploymentFailedError(PipelineError):
    """The release does not run; the message says what does, and what to do."""


@dataclass(frozen=True)
class DeployOptions:
    """Options of a deployment; see the flow's parameters."""

    migrate: bool
    take_over: bool
    roll_back: bool
    branch_only: bool


@flow(name="deploy-application", flow_run_name=run_name)
@state_is_outcome
def deploy_application(
    environment: EnvironmentName,
    ref: str | None = None,
    image: str | None = None,
    migrate: bool = True,
    take_over: bool = False,
    roll_back: bool = True,
    verify_only: bool = False,
    branch_only: bool = False,
) -> State[str]:
    """Build, push, migrate, try, roll out, verify and record a release.

    A release that is running already ends quickly as NO_CHANGE, after the health gates. A broken release
    fails in its smoke test, before it takes the service's place; one that fails later is replaced by the last
    release that was recorded as good. Where irreversible migrations ran, the run is suspended and asks
    before it goes back. A run that was killed is simply started again: it goes on where the rollout is.

    **When it fails:** the error says what failed, what runs now and what to do; the log holds the stop
    reasons, exit codes and last log lines of the tasks.

    Args:
        environment: where to deploy.
        ref: branch, tag or commit; the environment's branch when left out.
        image: an image made elsewhere, as sha256:... digest or tag in the repository, to deploy as it is.
        migrate: run Django's pending migrations before the switch, with a backup of the database first.
        take_over: go on although somebody else's rollout is under way.
        roll_back: return to the last good release when the rollout fails.
        verify_only: only run the preflight checks; change nothing.
        branch_only: refuse a ref that is no commit of the environment's branch, as runs of a webhook do.
    """
    live, stopwatch = load_environment(environment), Stopwatch()
    if rollback_was_prompted():
        _carry_out(live)
    refuse_second_delivery(live)
    options = DeployOptions(migrate, take_over, roll_back, branch_only)
    try:
        with stopwatch.step("preflight"):
            preflight(live, ref, image, branch_only)
        if verify_only:
            return Completed(
                message="VERIFIED: the preflight found nothing; nothing was changed.", data="VERIFIED"
            )
        return _deliver(live, ref, image, options, stopwatch)
    except DeploymentFailedError:
        raise
    except PipelineError as error:
        message = report_release(live, None, Outcome.FAILED, str(error))
        raise DeploymentFailedError(message) from error


def _deliver(
    live: LiveEnvironment, ref: str | None, image: str | None, options: DeployOptions, stopwatch: Stopwatch
) -> State[str]:
    """Make the image, which keeps nobody out; then move the service, which one run does at a time."""
    with stopwatch.step("image"):
        release = _image(live, ref, image, options.branch_only)
    name_run(live, release.name, image or ref or "")
    try:
        check_signature(live, release.digest)
        return _move(live, release, options, stopwatch)
    except DeploymentFailedError:
        raise
    except PipelineError as error:
        message = report_release(live, release, Outcome.FAILED, str(error))
        raise DeploymentFailedError(message) from error


def _move(
    live: LiveEnvironment, release: Release, options: DeployOptions, stopwatch: Stopwatch
) -> State[str]:
    """Bring a release that is in the registry into the service."""
    with one_delivery_at_a_time(live):
        refuse_open_restore(live)
        revision = register_revision(live, release)
        left: tuple[str, ...] = ()
        if is_rehearsed(live, revision):
            release = _examine(live, release, stopwatch)
        else:
            with rehearsing(live, revision) as task:
                release = _examine(live, release, stopwatch)
                left = prepare_release(live, release.name, revision, options.migrate, stopwatch, task)
        release = release.model_copy(update={"task_definition": revision.arn})
        end = roll_out(live, release, stopwatch, kind="deploy", take_over=options.take_over, left=left)
        return _conclude(live, release, end, options.roll_back)


def _examine(live: LiveEnvironment, release: Release, stopwatch: Stopwatch) -> Release:
    """Keep a list of what is in the image, while the registry scans it; then wait for that."""
    with stopwatch.step("packages"):
        release = list_packages(live, release)
    with stopwatch.step("scan"):
        pass_scan_gate(live, release.digest)
    return release


def _image(live: LiveEnvironment, ref: str | None, image: str | None, branch_only: bool) -> Release:
    """Return the image to deploy: the one handed in, the one in the registry, or a new one."""
    if image is not None:
        return require_image(live, image)
    source = fetch_source(live, ref, branch_only)
    found = find_release(live, source.release)
    if found is not None:
        built = {
            "name": source.release,
            "revision": source.revision,
            "ref": source.ref or "",
            "commit": source.commit,
        }
        return found.model_copy(update=built)
    made = build_release(live, source)
    check_image(live, made)
    return push_release(live, source, made)


def _conclude(live: LiveEnvironment, release: Release, end: RolloutEnd, roll_back: bool) -> State[str]:
    """Return the state of a good end; undo and raise for any other. What runs now is shown for each."""
    message = end.message
    if not end.outcome.good:
        message = _roll_back_and_explain(live, release, end, roll_back)
    message = report_release(live, release, end.outcome, message)
    if not end.outcome.good:
        raise DeploymentFailedError(message)
    return completed(release.name, end)


def _roll_back_and_explain(live: LiveEnvironment, release: Release, end: RolloutEnd, roll_back: bool) -> str:
    """Go back where that helps; return what failed and why, what was undone, and what to do."""
    rolled_back = ""
    if roll_back and end.outcome in (Outcome.FAILED, Outcome.UNHEALTHY):
        rolled_back = roll_back_release(live, release.task_definition)
    if end.outcome is Outcome.ROLLED_BACK:
        rolled_back = note_of(live, release.task_definition)
        emit(live, "release.rolled_back", summary=f"ECS took release {release.name} back.", release="")
    diagnosis = "" if end.outcome is Outcome.SUPERSEDED else explain_failure(live, end.since)
    failed = f"{end.outcome}: release {release.name}."
    return "\n".join(filter(None, (end.told, failed, rolled_back, diagnosis)))


def _carry_out(live: LiveEnvironment) -> NoReturn:
    """Do what a person decided on a release that failed in an earlier process of this run."""
    with one_delivery_at_a_time(live):
        message = carry_out_decision(live)
    raise DeploymentFailedError(report_release(live, None, Outcome.FAILED, message))
