"""Decides which irreversible migrations lie between a release and the database as it is. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.release.model import ReleaseRecord, SchemaChange


def crossed(changes: Iterable[SchemaChange], chosen: ReleaseRecord) -> tuple[SchemaChange, ...]:
    """Return the irreversible changes since the chosen release was last seen to run well, newest first.

    What ran before that moment, it has proved to live with: as its own release, or because somebody went back
    to it or restarted it since.
    """
    found = [item for item in changes if item.irreversible and item.at > chosen.started_at]
    return tuple(sorted(found, key=lambda item: item.at, reverse=True))


def tell_changes(changes: Iterable[SchemaChange]) -> str:
    """Name the irreversible migrations, why they are, and the backup to return to."""
    return "\n".join(
        f"- {label}, for release {item.release} on {item.at:%Y-%m-%d %H:%M} UTC ({reason}). "
        f"Backup before it: {item.backup or 'none'}."
        for item in changes
        for label, reason in item.irreversible.items()
    )


KEY = "rollback-"
"""How the key of every question about going back begins."""


@dataclass(frozen=True)
class WayBack:
    """From a failed task definition to a recorded release, across irreversible changes (if any)."""

    failed: str
    chosen: ReleaseRecord
    changes: tuple[SchemaChange, ...] = ()

    @property
    def key(self) -> str:
        """What a decision is bound to, in letters, digits and dashes: Prefect takes no more."""
        name = f"{KEY}{short(self.failed)}-to-{short(self.chosen.task_definition)}"
        return "".join(item if item.isalnum() else "-" for item in name)

    @property
    def why(self) -> str:
        """The reason for which a person must decide."""
        return (
            f"Release {self.chosen.release} cannot be expected to run on the database as these irreversible "
            f"migrations left it:\n\n{tell_changes(self.changes)}"
        )

    @property
    def question(self) -> str:
        """What a person is asked, in Markdown."""
        return (
            f"Go back to release {self.chosen.release}?\n\n{short(self.failed)} failed and stays in place "
            f"until you decide. {self.why}\n\nApproved, release {self.chosen.release} takes its place and "
            "the database stays as it is. Otherwise nothing is changed: deploy a mended release."
        )

    def by_hand(self, environment: str) -> str:
        """Say what a person can do without the question."""
        return (
            "Deploy a mended release, or bring the backup back with restore-sqlite and go back with: "
            f"vimbiso rollback {environment} --release {self.chosen.release} --accept-schema"
        )


def short(task_definition: str) -> str:
    """Return FAMILY:REVISION of a task definition's ARN."""
    return task_definition.rsplit("/", 1)[-1]
