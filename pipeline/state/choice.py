"""Chooses the configuration to roll back to (pure)."""

from collections.abc import Sequence

from pipeline.state.model import ConfigurationRecord, StateError


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
        f"There is no good configuration before {present.name}. Mend the configuration and deploy it instead."
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
