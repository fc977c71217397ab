"""Steps of everything that takes the live database's place: a person's word, then the exchange."""

from collections.abc import Callable

from flows.shared.approval import ask, was_prompted
from pipeline.errors import PipelineError
from pipeline.live import LiveEnvironment
from pipeline.recovery.record import OpenRestore
from tasks.lease import one_change_at_a_time, one_delivery_at_a_time
from tasks.recovery import carry_in_place
from tasks.support import emit


def approve_in_place(live: LiveEnvironment, what: str, comes: str, key: str) -> str:
    """Ask a person, where the environment wants that, and return who approved.

    The answer is for what ``key`` names and for nothing else.
    """
    if live.settings.approval != "always":
        return ""
    if not was_prompted(key):
        emit(live, "approval.waiting", summary=what)
    decision = ask(
        f"## {live.name}: {what}\n\nThe service stops. In place of `{live.database}` comes {comes}; every "
        "write since is set aside with the old file. The table is among this run's artifacts.",
        key=key,
    )
    if not decision.approved:
        raise PipelineError(f"{decision.by} decided against it: {decision.note}".rstrip(": "))
    return decision.by


def exchange(live: LiveEnvironment, begin: Callable[[], OpenRestore]) -> str:
    """Begin or go on while nobody else changes the environment; return the file that the old database is."""
    with one_change_at_a_time(live), one_delivery_at_a_time(live):
        ended = carry_in_place(live, begin())
    emit(live, "database.restored", backup=ended.backup, aside=ended.aside, approved_by=ended.approved_by)
    return ended.aside
