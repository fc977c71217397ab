"""Steps of everything that takes the live database's place: a person's word, then the exchange."""

from collections.abc import Callable

from flows.shared.approval import approve
from pipeline.live import LiveEnvironment
from pipeline.recovery.record import OpenRestore
from tasks.lease import one_change_at_a_time, one_delivery_at_a_time
from tasks.recovery import carry_in_place
from tasks.support import emit


def approve_in_place(live: LiveEnvironment, what: str, comes: str, key: str) -> str:
    """Ask a person, where the environment wants that, and return who approved.

    The answer is for what ``key`` names and for nothing else.
    """
    question = (
        f"## {live.name}: {what}\n\nApproved, the service stops, and in place of `{live.database}` comes "
        f"{comes}; every write since is set aside with the old file. Refused, nothing is changed."
    )
    return approve(live, question, key)


def exchange(live: LiveEnvironment, begin: Callable[[], OpenRestore]) -> str:
    """Begin or go on while nobody else changes the environment; return the file that the old database is."""
    with one_change_at_a_time(live), one_delivery_at_a_time(live):
        ended = carry_in_place(live, begin())
    emit(live, "database.restored", backup=ended.backup, aside=ended.aside, approved_by=ended.approved_by)
    return ended.aside
