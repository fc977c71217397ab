"""Back to a release that was good."""

from prefect import flow
from prefect.client.schemas.objects import State

from blocks.names import EnvironmentName
from flows.shared.ending import state_is_outcome
from flows.shared.naming import completed, run_name
from flows.shared.rollout import roll_out
from pipeline.clock import Stopwatch
from pipeline.errors import PipelineError
from pipeline.live import LiveEnvironment
from pipeline.release.model import ReleaseRecord
from pipeline.release.rollback import RollbackPath
from tasks.environment import load_environment
from tasks.history import choose_target, present_task_definition
from tasks.lease import one_delivery_at_a_time
from tasks.record import find_blocking_changes, name_run


@flow(name="rollback-application", flow_run_name=run_name)
@state_is_outcome
def rollback_application(
    environment: EnvironmentName, release: str | None = None, accept_schema: bool = False
) -> State[str]:
    """Return to the last release that was recorded as good, or to a chosen one; watch and verify it.

    Only releases whose task definition is active and whose image is still in the registry can be chosen. The
    one that runs already ends as NO_CHANGE, after the health gates. The database is not touched: where
    irreversible migrations ran since that release, it refuses and names them and the backup made before.

    It waits for a deployment that moves the service at that moment; cancel that run to go back at once.

    **When it fails:** the error lists the releases that are left, or what speaks against going back.

    Args:
        environment: where to roll back.
        release: name of a recorded good release; the last one before the present when left out.
        accept_schema: go back although irreversible migrations ran since: the database was restored, or the
            release is known to run on it.
    """
    live = load_environment(environment)
    with one_delivery_at_a_time(live):
        present = present_task_definition(live)
        chosen = choose_target(live, present, release)
        name_run(live, chosen.release)
        if chosen.task_definition != present and not accept_schema:
            _require_schema(live, present, chosen)
        return move_back(live, chosen)


def _require_schema(live: LiveEnvironment, present: str, chosen: ReleaseRecord) -> None:
    way = RollbackPath(present, chosen, find_blocking_changes(live, chosen))
    if way.changes:
        raise PipelineError(
            f"Not gone back to release {chosen.release}; nothing was changed. {way.why}\n"
            f"{way.by_hand(live.name)}"
        )


def move_back(live: LiveEnvironment, chosen: ReleaseRecord) -> State[str]:
    """Move the service to a recorded release."""
    end = roll_out(live, chosen.as_release, Stopwatch(), kind="rollback", take_over=True)
    if not end.outcome.good:
        raise PipelineError(
            f"{end.told}\n{end.outcome}: release {chosen.release} is not back. {end.outcome.advice}"
        )
    return completed(chosen.release, end)
