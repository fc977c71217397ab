"""Rollback of a failed release: automatic, or after a question where the database is ahead."""

from prefect.logging import get_run_logger

from flows.diagnose import explain_failure
from flows.rollback_application import move_back
from flows.shared.approval import can_prompt, prompt, prompted_keys, was_prompted
from pipeline.ecs.model import revision_name
from pipeline.errors import PipelineError
from pipeline.live import LiveEnvironment
from pipeline.release.rollback import KEY, RollbackPath, describe_changes
from tasks.history import find_rollback_path, present_task_definition
from tasks.record import find_own_changes
from tasks.rollout import stop_failed_first_release
from tasks.support import emit


def roll_back_release(live: LiveEnvironment, failed: str) -> str:
    """Put the last good release back in place of the failed task definition; say what runs now.

    Across irreversible migrations it asks a person instead. The run is suspended meanwhile, and the failed
    release stays; ``carry_out_decision`` goes on from there. A run that cannot be suspended ends with what
    to do.
    """
    try:
        path = find_rollback_path(live, failed, None)
    except PipelineError as error:
        return " ".join(filter(None, (_no_help(error), stop_failed_first_release(live))))
    if not path.blocking:
        return _go(live, path)
    if not can_prompt():
        return f"No automatic rollback. {path.why}\n{path.by_hand(live.name)}"
    explain_failure(live)
    return _decide(live, path)


def rollback_was_prompted() -> bool:
    """Tell whether this is a run that was resumed with a decision on going back."""
    return any(key.startswith(KEY) for key in prompted_keys())


def carry_out_decision(live: LiveEnvironment) -> str:
    """Do what the person decided, for the very releases that were shown; say what runs now."""
    present = present_task_definition(live)
    try:
        path = find_rollback_path(live, present, None)
    except PipelineError as error:
        return _no_help(error)
    if not was_prompted(path.key):
        return (
            f"Nothing was undone: the service is on {revision_name(present)}, which is not what was decided "
            "on. Look at history, then start a new run."
        )
    return _decide(live, path)


def note_of(live: LiveEnvironment, task_definition: str) -> str:
    """Name the irreversible migrations of a release that ECS itself took back; "" without any."""
    changes = find_own_changes(live, task_definition)
    return f"Its irreversible migrations stay:\n{describe_changes(changes)}" if changes else ""


def _decide(live: LiveEnvironment, path: RollbackPath) -> str:
    question = f"## {live.name}: {path.question}\n\n{path.by_hand(live.name)}"
    decision = prompt(live, question, path.key)
    message = f"{decision.by} decided{f' ({decision.note})' if decision.note else ''}"
    get_run_logger().info("%s: %s", message, "go back" if decision.approved else "stay")
    if decision.approved:
        return f"{_go(live, path)} {message}."
    return f"{message} against going back: the failed release stays. {path.by_hand(live.name)}"


def _go(live: LiveEnvironment, path: RollbackPath) -> str:
    try:
        move_back(live, path.chosen)
    except PipelineError as error:
        return _no_help(error)
    message = f"Release {path.chosen.release} runs again."
    summary = f"{revision_name(path.left)} failed. {message}"
    emit(live, "release.rolled_back", summary=summary, release=path.chosen.release)
    return message


def _no_help(error: PipelineError) -> str:
    return f"The automatic rollback did not help: {error}"
