"""What becomes of a failed release: back to the last good one, or a question where the database is ahead."""

from prefect.logging import get_run_logger

from blocks import Target
from flows.approval import APPROVAL_TIME, RollbackDecision, ask_with, asked, can_ask, was_asked
from flows.diagnose import explain_failure
from flows.rollback_application import go_back, way_by_hand
from pipeline.errors import PipelineError
from pipeline.outputs import Outputs
from pipeline.release import ReleaseRecord, SchemaChange, tell_changes
from tasks.events import tell_world
from tasks.rollback import choose_target, present_task_definition
from tasks.schema import find_crossed, find_own

_KEY = "rollback-"


def undo(target: Target, outputs: Outputs, failed: str) -> str:
    """Put the last good release back in place of the failed task definition; say what runs now.

    Across irreversible migrations it asks a person instead. The run is suspended meanwhile, and the failed
    release stays; ``carry_out_decision`` goes on from there. A run that cannot be suspended ends with what
    to do.
    """
    try:
        chosen = choose_target(target, outputs, failed, None)
        changes = find_crossed(target, outputs, chosen)
    except PipelineError as error:
        return f"The automatic rollback did not help: {error}"
    if not changes:
        return _go_back(target, outputs, chosen)
    if not can_ask():
        return f"No automatic rollback:\n{_why(chosen, changes)}\n{way_by_hand(target, chosen)}"
    explain_failure(target, outputs)
    summary = f"Going back to release {chosen.release} crosses irreversible migrations"
    tell_world(target, "rollback.waiting", summary=summary, release=chosen.release)
    return _decide(target, outputs, failed, chosen, changes)


def rollback_was_asked() -> bool:
    """Tell whether this is a run that was resumed with a decision on going back."""
    return any(key.startswith(_KEY) for key in asked())


def carry_out_decision(target: Target, outputs: Outputs) -> str:
    """Do what the person decided, for the very releases that were shown; say what runs now."""
    present = present_task_definition(target, outputs)
    try:
        chosen = choose_target(target, outputs, present, None)
        changes = find_crossed(target, outputs, chosen)
    except PipelineError as error:
        return f"The rollback that was decided on did not help: {error}"
    if not was_asked(_key(present, chosen)):
        return (
            f"Nothing was undone: the service is on {_short(present)}, which is not what was decided on. "
            "Look at history, then start a new run."
        )
    return _decide(target, outputs, present, chosen, changes)


def note_of(target: Target, outputs: Outputs, task_definition: str) -> str:
    """Name the irreversible migrations of a release that ECS itself took back; "" without any."""
    changes = find_own(target, outputs, task_definition)
    return f"Its irreversible migrations stay:\n{tell_changes(changes)}" if changes else ""


def _decide(
    target: Target,
    outputs: Outputs,
    failed: str,
    chosen: ReleaseRecord,
    changes: tuple[SchemaChange, ...],
) -> str:
    decision = ask_with(
        RollbackDecision,
        f"## {target.name}: go back to release {chosen.release}?\n\n{_short(failed)} failed and stays in "
        f"place until you decide. {_why(chosen, changes)}\n\nApproved, release {chosen.release} takes its "
        "place and the database stays as it is. Otherwise nothing is changed: deploy a mended release. The "
        f"decision is open for {APPROVAL_TIME}.",
        _key(failed, chosen),
    )
    said = f"{decision.by} decided{f' ({decision.note})' if decision.note else ''}"
    get_run_logger().info("%s: %s", said, "go back" if decision.approved else "stay")
    if decision.approved:
        return f"{_go_back(target, outputs, chosen)} {said}."
    return f"{said} against going back: the failed release stays. {way_by_hand(target, chosen)}"


def _go_back(target: Target, outputs: Outputs, chosen: ReleaseRecord) -> str:
    try:
        go_back(target, outputs, chosen)
    except PipelineError as error:
        return f"The automatic rollback did not help: {error}"
    return f"Release {chosen.release} runs again."


def _why(chosen: ReleaseRecord, changes: tuple[SchemaChange, ...]) -> str:
    return (
        f"Release {chosen.release} cannot be expected to run on the database as these irreversible "
        f"migrations left it:\n\n{tell_changes(changes)}"
    )


def _key(failed: str, chosen: ReleaseRecord) -> str:
    """Letters, digits and dashes: more is not allowed in the key of a run's input."""
    name = f"{_KEY}{_short(failed)}-to-{_short(chosen.task_definition)}"
    return "".join(item if item.isalnum() else "-" for item in name)


def _short(task_definition: str) -> str:
    return task_definition.rsplit("/", 1)[-1]
