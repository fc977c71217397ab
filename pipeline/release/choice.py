"""Decides which release to roll back to. Pure."""

from collections.abc import Callable, Iterable

from pipeline.errors import PipelineError
from pipeline.release.model import ReleaseRecord


class RollbackError(PipelineError):
    """There is nothing to roll back to, or not the release that was asked for."""


def choose_rollback(
    records: Iterable[ReleaseRecord],
    present: str | None,
    usable: Callable[[ReleaseRecord], str | None],
    wanted: str | None = None,
) -> ReleaseRecord:
    """Return the newest recorded good release other than ``present``, or the one named ``wanted``.

    The one named may be the present one: going there changes nothing.

    ``records`` come newest first; ``present`` is the task definition to leave; ``usable`` says why a
    record's task definition or image can no longer be deployed, or None where it can.

    Raises:
        RollbackError: naming each candidate and why it does not serve.
    """
    known = _newest_of_each(records)
    good = [item for item in known if wanted is not None or item.task_definition != present]
    candidates = [item for item in good if wanted in (None, item.release)]
    refused = []
    for item in candidates:
        reason = usable(item)
        if reason is None:
            return item
        refused.append(f"{item.release} ({reason})")
    raise RollbackError(_explain(wanted, refused, [item.release for item in good]))


def _newest_of_each(records: Iterable[ReleaseRecord]) -> list[ReleaseRecord]:
    found: dict[str, ReleaseRecord] = {}
    for item in records:
        if item.outcome.good:
            found.setdefault(item.task_definition, item)
    return list(found.values())


def _explain(wanted: str | None, refused: list[str], known: list[str]) -> str:
    if refused:
        return f"No recorded release can be deployed again: {', '.join(refused)}. Deploy a new release."
    if wanted is not None:
        return (
            f"Release {wanted} is not recorded as good. Recorded good releases: {', '.join(known) or 'none'}."
        )
    return "No other release was ever recorded as good, so there is nothing to roll back to."
