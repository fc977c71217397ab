"""Decides to which release to go back, and what lies between it and what runs. Pure."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from pipeline.ecs.model import revision_name
from pipeline.errors import PipelineError
from pipeline.log_cause import as_markdown
from pipeline.release.model import ReleaseRecord, SchemaChange
from pipeline.way_back import way_back


def choose_rollback(
    records: Sequence[ReleaseRecord],
    present: str | None,
    usable: Callable[[ReleaseRecord], str | None],
    requested: str | None = None,
) -> ReleaseRecord:
    """Return the good release before ``present`` on the way back, or the one named ``requested``.

    The one named may be the present one (going there changes nothing), or one that was taken back by hand.

    ``records`` come newest first; ``present`` is the task definition to leave; ``usable`` says why a
    record's task definition or image can no longer be deployed, or None where it can.

    Raises:
        PipelineError: naming each candidate and why it does not serve.
    """
    known = list(_newest_of_each(records).values())
    if requested is None:
        candidates = [item for item in releases_back(records, present) if item.task_definition != present]
    else:
        candidates = [item for item in known if item.release == requested]
    refused = []
    for item in candidates:
        reason = usable(item)
        if reason is None:
            return item
        refused.append(f"{item.release} ({reason})")
    others = [item.release for item in known if requested or item.task_definition != present]
    raise PipelineError(_explain(requested, refused, others))


def releases_back(records: Sequence[ReleaseRecord], present: str | None) -> list[ReleaseRecord]:
    """Return the newest record of each release on the way back, from the present one on, if it is on it."""
    known = _newest_of_each(records)
    good = [item for item in reversed(records) if item.outcome.good]
    way = way_back((item.task_definition, item.kind == "rollback") for item in good)
    return [known[name] for name in (way[way.index(present) :] if present in way else way)]


def was_good(records: Iterable[ReleaseRecord], definition: str) -> bool:
    """Whether the newest record of a task definition says that it was good, with nothing left to migrate."""
    newest = next((item for item in records if item.task_definition == definition), None)
    return newest is not None and newest.outcome.good and not newest.left


def _newest_of_each(records: Iterable[ReleaseRecord]) -> dict[str, ReleaseRecord]:
    found: dict[str, ReleaseRecord] = {}
    for item in records:
        if item.outcome.good:
            found.setdefault(item.task_definition, item)
    return found


def _explain(requested: str | None, refused: list[str], known: list[str]) -> str:
    names = ", ".join(known) or "none"
    if refused:
        return f"No recorded release can be deployed again: {', '.join(refused)}. Deploy a new release."
    if requested is not None:
        return f"Release {requested} is not recorded as good. Recorded good releases: {names}."
    if known:
        return (
            "No good release is left to go back to: the others were taken back already. To return to one of "
            f"them, name it as `release`: {names}."
        )
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
    """From a task definition, which may have failed, to a recorded release."""

    left: str
    chosen: ReleaseRecord
    changes: tuple[SchemaChange, ...] = ()
    """Migrations that ran since the chosen release was last seen to run well, newest first."""
    undone: tuple[ReleaseRecord, ...] = ()
    """Releases that are taken back, newest first."""

    @property
    def blocking(self) -> tuple[SchemaChange, ...]:
        """The irreversible ones among the changes; none where the service does not move."""
        moves = self.chosen.task_definition != self.left
        return blocking_changes(self.changes, self.chosen) if moves else ()

    def on_backup(self, migrations: Collection[str]) -> "RollbackPath":
        """Return the path for a database that is brought back, in which these migrations ran."""
        left = tuple(item for item in self.changes if any(label in migrations for label in item.migrations))
        return replace(self, changes=left)

    @property
    def key(self) -> str:
        """Key of the decision, in letters, digits and dashes: Prefect takes no more."""
        name = f"{KEY}{revision_name(self.left)}-to-{revision_name(self.chosen.task_definition)}"
        return "".join(item if item.isalnum() else "-" for item in name)

    @property
    def goes(self) -> str:
        """Origin and target in a line."""
        chosen = self.chosen
        return (
            f"From {revision_name(self.left)} to release {chosen.release} "
            f"({revision_name(chosen.task_definition)}), recorded as good on "
            f"{chosen.started_at:%Y-%m-%d %H:%M} UTC"
        )

    @property
    def told(self) -> str:
        """All that going back does, as Markdown."""
        nothing = "- none: that release runs already, is newer than what runs, or was taken back itself"
        undone = [_named(item) for item in self.undone] or [nothing]
        ran = [
            f"- {label}, for release {change.release}{_why(change, label)}"
            for change in self.changes
            for label in reversed(change.migrations)
        ] or ["- none"]
        return "\n".join(
            [
                f"{self.goes}.",
                "",
                "Taken back, newest first:",
                "",
                *undone,
                "",
                "Migrations since, which the database keeps unless it goes back as well:",
                "",
                *ran,
            ]
        )

    @property
    def why(self) -> str:
        """The reason for which a person must decide."""
        return (
            f"Release {self.chosen.release} cannot be expected to run on the database as these irreversible "
            f"migrations left it:\n\n{describe_changes(self.blocking)}"
        )

    @property
    def question(self) -> str:
        """Question to a person, in Markdown, with why the release failed where its record is there."""
        told = (item.message.partition("\n")[0] for item in self.undone if item.task_definition == self.left)
        failed = next(told, "")
        return (
            f"Go back to release {self.chosen.release}?\n\n{revision_name(self.left)} failed and stays in "
            f"place until you decide.{f' {as_markdown(failed)}' if failed else ''}\n\n"
            f"{as_markdown(self.why)}\n\nApproved, release {self.chosen.release} takes its place and the "
            "database stays as it is. Refused, nothing is changed: deploy a fixed release."
        )

    def by_hand(self, environment: str) -> str:
        """Say what a person can do without the question."""
        back = f"vimbiso rollback {environment} --release {self.chosen.release}"
        backup = self.blocking[-1].backup if self.blocking else ""
        if backup:
            return (
                "Deploy a fixed release, or go back with the database as it was before them, which loses "
                f"what was written since: {back} --restore {backup} --confirm {environment}"
            )
        return (
            "Deploy a fixed release; where the one before can live with the database as it is, go back with: "
            f"{back} --accept-schema"
        )


def _named(record: ReleaseRecord) -> str:
    commit = f"commit {record.revision[:12]}" if record.revision else "no commit recorded"
    return f"- release {record.release}, {commit}{f': {record.commit}' if record.commit else ''}"


def _why(change: SchemaChange, label: str) -> str:
    reason = change.irreversible.get(label)
    return f": irreversible ({reason})" if reason else ""


def plan_rollback(
    records: Sequence[ReleaseRecord], present: str, chosen: ReleaseRecord, changes: Iterable[SchemaChange]
) -> RollbackPath:
    """Return the path from the present task definition to a chosen record; ``records`` are newest first."""
    way = [item.task_definition for item in releases_back(records, present)]
    target = chosen.task_definition
    undone: tuple[ReleaseRecord, ...] = ()
    if target in way and target != present:
        newest = {item.task_definition: item for item in reversed(records)}
        left = dict.fromkeys([present, *way[: way.index(target)]])
        undone = tuple(newest[name] for name in left if name in newest)
    newest_first = sorted(changes, key=lambda item: item.at, reverse=True)
    return RollbackPath(present, chosen, tuple(newest_first), undone)
