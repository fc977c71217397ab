"""Whether an earlier version may become the state again (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.state.model import ConfigurationRecord, StateError, StateHead


def choose_record(records: Sequence[ConfigurationRecord], name: str | None = None) -> ConfigurationRecord:
    """Choose among one environment's records.

    With ``name`` (or the beginning of one): that record. Without: the last good configuration before the
    present one and different from it. When the present is itself a rollback, its place in history is that of
    the record it went back to, so that rolling back twice goes two steps back, never back and forth.

    Raises:
        StateError: nothing fits.
    """
    newest_first = sorted(records, key=lambda record: record.name, reverse=True)
    if name is not None:
        return _named(newest_first, name)
    if not newest_first:
        raise StateError("Nothing has been applied yet, so there is nothing to roll back to.")
    present = newest_first[0]
    place = _place(newest_first, present)
    for record in newest_first:
        if _is_candidate(record) and record.name < place and record.bundle_sha256 != present.bundle_sha256:
            return record
    raise StateError(
        f"There is no good configuration before {present.name}. Fix the configuration and deploy it instead."
    )


def _is_candidate(record: ConfigurationRecord) -> bool:
    # A rollback's own record repeats an older configuration: history is walked by the originals.
    return record.outcome == "succeeded" and not record.restores


def _place(records: Sequence[ConfigurationRecord], present: ConfigurationRecord) -> str:
    by_name = {record.name: record for record in records}
    record, seen = present, {present.name}
    while record.restores and record.outcome == "succeeded" and record.restores not in seen:
        seen.add(record.restores)
        if record.restores not in by_name:
            return record.restores
        record = by_name[record.restores]
    return record.name


def _named(records: Sequence[ConfigurationRecord], name: str) -> ConfigurationRecord:
    found = [record for record in records if record.name.startswith(name)]
    if len(found) != 1:
        known = ", ".join(record.name for record in records) or "none"
        what = "No record" if not found else f"{len(found)} records"
        raise StateError(f"{what} named {name!r}. Known: {known}.")
    return found[0]


@dataclass(frozen=True)
class PresentState:
    """The state as it is, whole or not."""

    head: StateHead | None
    """None when it is missing or damaged."""
    missing: bool
    digest_agrees: bool
    """Whether the lock table expects this very content."""
    version_id: str = ""

    @property
    def whole(self) -> bool:
        """Whether Terraform can work with it."""
        return self.head is not None and self.digest_agrees

    @property
    def description(self) -> str:
        """Fault or content of the state, in words."""
        if self.missing:
            return "missing"
        if self.head is None:
            return "damaged"
        found = f"serial {self.head.serial} with {self.head.resources} resources"
        return found if self.digest_agrees else f"{found}, but the lock table expects another content"


def judge_restore(present: PresentState, candidate: StateHead) -> str:
    """Return why the candidate must not replace the present state, or "" (pure).

    An old state changes no infrastructure: resources made since would be orphaned. So it is for lost or
    damaged states alone.
    """
    head = present.head
    if head and head.lineage != candidate.lineage:
        return f"the candidate is of another lineage ({candidate.lineage}) than the state ({head.lineage})."
    if head and head.sha256 == candidate.sha256 and present.digest_agrees:
        return "the state is this version already."
    if present.whole:
        return "the state is readable. To change infrastructure back, run rollback-infrastructure."
    return ""
