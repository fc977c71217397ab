"""Decides which irreversible migrations lie between a release and the database as it is. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pipeline.ecs.model import revision_name
from pipeline.errors import PipelineError
from pipeline.release.model import ReleaseRecord, SchemaChange


def choose_rollback(
    records: Iterable[ReleaseRecord],
    present: str | None,
    usable: Callable[[ReleaseRecord], str | None],
    requested: str | None = None,
) -> ReleaseRecord:
    """Return the newest recorded good release other than ``present``, or the one named ``requested``.

    The one named may be the present one: going there changes nothing.

    ``records`` come newest first; ``present`` is the task definition to leave; ``usable`` says why a
    record's task definition or image can no longer be deployed, or None where it can.

    Raises:
        PipelineError: naming each candidate and why it does not serve.
    """
    known = _newest_of_each(records)
    good = [item for item in known if requested is not None or item.task_definition != present]
    candidates = [item for item in good if requested in (None, item.release)]
    refused = []
    for item in candidates:
        reason = usable(item)
        if reason is None:
            return item
        refused.append(f"{item.release} ({reason})")
    raise PipelineError(_explain(requested, refused, [item.release for item in good]))


def _newest_of_each(records: Iterable[ReleaseRecord]) -> list[ReleaseRecord]:
    found: dict[str, ReleaseRecord] = {}
    for item in records:
        if item.outcome.good:
            found.setdefault(item.task_definition, item)
    return list(found.values())


def _explain(requested: str | None, refused: list[str], known: list[str]) -> str:
    if refused:
        return f"No recorded release can be deployed again: {', '.join(refused)}. Deploy a new release."
    if requested is not None:
        names = ", ".join(known) or "none"
        return f"Release {requested} is not recorded as good. Recorded good releases: {names}."
    return "No other release was ever recorded as good, so there is nothing to roll back to."


def blocking_changes(changes: Iterable[SchemaChange], chosen: ReleaseRecord) -> tuple[SchemaChange, ...]:
    """Return the irreversible changes since the chosen release was last seen to run well, newest first.

    What ran before that moment, it has proved to live with: as its own release, or because somebody went back
    to it or restarted it since.
    """
    found = [item for item in changes if item.irreversible and item.at > chosen.started_at]
    return tuple(sorted(found, key=lambda item: item.at, reverse=True))


def describe_changes(changes: Iterable[SchemaChange]) -> str:
    """Name the irreversible migrations, why they are, and the backup to return to."""
    return "\n".join(
        f"- {label}, for release {item.release} on {item.at:%Y-%m-%d %H:%M} UTC ({reason}). "
        f"Backup before it: {item.backup or 'none'}."
        for item in changes
        for label, reason in item.irreversible.items()
    )


def has_backup(changes: Iterable[SchemaChange]) -> bool:
    """Whether a backup was made before any of them."""
    return any(item.backup for item in changes)


KEY = "rollback-"
"""How the key of every question about going back begins."""


@dataclass(frozen=True)
class RollbackPath:
    """From a failed task definition to a recorded release, across irreversible changes (if any)."""

    failed: str
    chosen: ReleaseRecord
    changes: tuple[SchemaChange, ...] = ()

    @property
    def key(self) -> str:
        """Key of the decision, in letters, digits and dashes: Prefect takes no more."""
        name = f"{KEY}{revision_name(self.failed)}-to-{revision_name(self.chosen.task_definition)}"
        return "".join(item if item.isalnum() else "-" for item in name)

    @property
    def why(self) -> str:
        """The reason for which a person must decide."""
        return (
            f"Release {self.chosen.release} cannot be expected to run on the database as these irreversible "
            f"migrations left it:\n\n{describe_changes(self.changes)}"
        )

    @property
    def question(self) -> str:
        """Question to a person, in Markdown."""
        return (
            f"Go back to release {self.chosen.release}?\n\n{revision_name(self.failed)} failed and stays in "
            f"place until you decide. {self.why}\n\nApproved, release {self.chosen.release} takes its place "
            "and the database stays as it is. Refused, nothing is changed: deploy a fixed release."
        )

    def by_hand(self, environment: str) -> str:
        """Say what a person can do without the question."""
        back = f"go back with: vimbiso rollback {environment} --release {self.chosen.release} --accept-schema"
        if has_backup(self.changes):
            return f"Deploy a fixed release, or bring the backup back with restore-sqlite and {back}"
        return f"Deploy a fixed release; where the one before can live with the database as it is, {back}"
