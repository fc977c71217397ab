"""Back to a release that was good."""

from prefect import flow
from prefect.logging import get_run_logger

from blocks import Target
from blocks.names import EnvironmentName
from flows.naming import run_name
from flows.rollout import release_of, roll_out
from pipeline.errors import PipelineError
from pipeline.outputs import Outputs
from pipeline.release import ReleaseRecord, Stopwatch
from tasks.environment import load_environment, read_outputs
from tasks.rollback import choose_target, present_task_definition


class RollbackFailedError(PipelineError):
    """The release to go back to does not run either."""


@flow(name="rollback-application", flow_run_name=run_name)
def rollback_application(environment: EnvironmentName, release: str | None = None) -> str:
    """Return to the last release that was recorded as good, or to a chosen one; watch and verify it.

    Only releases whose task definition is active and whose image is still in the registry can be chosen. The
    one that runs already ends as NO_CHANGE, after the health gates. The database is not touched.

    **When it fails:** the error lists the releases that are left.

    Args:
        environment: where to roll back.
        release: name of a recorded good release; the last one before the present when left out.
    """
    target = load_environment(environment)
    outputs = read_outputs(target)
    chosen = choose_target(target, outputs, present_task_definition(target, outputs), release)
    return go_back(target, outputs, chosen)


def back_to_last_good(target: Target, outputs: Outputs, failed: str) -> str:
    """Undo a failed rollout; return a sentence that says what runs now."""
    try:
        chosen = choose_target(target, outputs, failed, None)
        go_back(target, outputs, chosen)
    except PipelineError as error:
        return f"The automatic rollback did not help: {error}"
    return f"Release {chosen.release} runs again."


def go_back(target: Target, outputs: Outputs, chosen: ReleaseRecord) -> str:
    """Move the service to a recorded release."""
    end = roll_out(target, outputs, release_of(chosen), Stopwatch(), kind="rollback", take_over=True)
    if not end.outcome.good:
        raise RollbackFailedError(
            f"{end.outcome}: release {chosen.release}: {end.message} {end.cause} {end.outcome.advice}"
        )
    get_run_logger().info("%s: release %s runs. %s", end.outcome, chosen.release, end.message)
    return end.outcome
