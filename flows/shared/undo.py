"""What becomes of a failed release: back to the last good one, or a question where the database is ahead."""

from prefect.logging import get_run_logger

from flows.diagnose import explain_failure
from flows.rollback_application import go_back
from flows.shared.approval import APPROVAL_TIME, RollbackDecision, ask_with, asked, can_ask, was_asked
from pipeline.errors import PipelineError
from pipeline.live import LiveEnvironment
from pipeline.release.crossing import KEY, WayBack, short, tell_changes
from tasks.history import choose_target, present_task_definition
from tasks.record import find_crossed, find_own
from tasks.support import tell_world


def undo(live: LiveEnvironment, failed: str) -> str:
    """Put the last good release back in place of the failed task definition; say what runs now.

    Across irreversible migrations it asks a person instead. The run is suspended meanwhile, and the failed
    release stays; ``carry_out_decision`` goes on from there. A run that cannot be suspended ends with what
    to do.
    """
    try:
        way = _way_back(live, failed)
    except PipelineError as error:
        return _no_help(error)
    if not way.changes:
        return _go(live, way)
    if not can_ask():
        return f"No automatic rollback. {way.why}\n{way.by_hand(live.name)}"
    explain_failure(live)
    summary = f"Going back to release {way.chosen.release} crosses irreversible migrations"
    tell_world(live, "rollback.waiting", summary=summary, release=way.chosen.release)
    return _decide(live, way)


def rollback_was_asked() -> bool:
    """Tell whether this is a run that was resumed with a decision on going back."""
    return any(key.startswith(KEY) for key in asked())


def carry_out_decision(live: LiveEnvironment) -> str:
    """Do what the person decided, for the very releases that were shown; say what runs now."""
    present = present_task_definition(live)
    try:
        way = _way_back(live, present)
    except PipelineError as error:
        return _no_help(error)
    if not was_asked(way.key):
        return (
            f"Nothing was undone: the service is on {short(present)}, which is not what was decided on. "
            "Look at history, then start a new run."
        )
    return _decide(live, way)


def note_of(live: LiveEnvironment, task_definition: str) -> str:
    """Name the irreversible migrations of a release that ECS itself took back; "" without any."""
    changes = find_own(live, task_definition)
    return f"Its irreversible migrations stay:\n{tell_changes(changes)}" if changes else ""


def _way_back(live: LiveEnvironment, failed: str) -> WayBack:
    chosen = choose_target(live, failed, None)
    return WayBack(failed, chosen, find_crossed(live, chosen))


def _decide(live: LiveEnvironment, way: WayBack) -> str:
    description = f"## {live.name}: {way.question} The decision is open for {APPROVAL_TIME}."
    decision = ask_with(RollbackDecision, description, way.key)
    said = f"{decision.by} decided{f' ({decision.note})' if decision.note else ''}"
    get_run_logger().info("%s: %s", said, "go back" if decision.approved else "stay")
    if decision.approved:
        return f"{_go(live, way)} {said}."
    return f"{said} against going back: the failed release stays. {way.by_hand(live.name)}"


def _go(live: LiveEnvironment, way: WayBack) -> str:
    try:
        go_back(live, way.chosen)
    except PipelineError as error:
        return _no_help(error)
    said = f"Release {way.chosen.release} runs again."
    summary = f"{short(way.failed)} failed. {said}"
    tell_world(live, "release.rolled_back", summary=summary, release=way.chosen.release)
    return said


def _no_help(error: PipelineError) -> str:
    return f"The automatic rollback did not help: {error}"
