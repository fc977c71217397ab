"""Tells the releases of an environment as the rows of a table. Pure."""

from collections.abc import Mapping, Sequence

from pipeline.release.model import ReleaseRecord, SchemaChange
from pipeline.release.rollback import blocking_changes, releases_back

_DIGEST = 12


def history_rows(
    records: Sequence[ReleaseRecord],
    live: str | None,
    unusable: Mapping[str, str | None],
    changes: Sequence[SchemaChange] = (),
) -> list[dict[str, str]]:
    """Return one row for each record, newest first as they come.

    ``live`` is the task definition that the service is on; ``unusable`` says by task definition why a release
    cannot be deployed again, None where it can; ``changes`` are the migrations that ran since the oldest
    record. Of several records of what runs the newest is marked.
    """
    good = {item.task_definition: item for item in reversed(records) if item.outcome.good}
    ahead = {arn for arn, item in good.items() if blocking_changes(changes, item)}
    back = {item.task_definition for item in releases_back(records, live)}
    rows, marked = [], False
    for record in records:
        runs = not marked and record.task_definition == live and record.outcome.good
        marked = marked or runs
        path = _rollback_path(record, live, unusable, ahead)
        if path == "yes" and record.task_definition not in back:
            path = "by name alone: it was taken back"
        rows.append(_row(record, runs=runs, rollback_path=path))
    return rows


def _row(record: ReleaseRecord, *, runs: bool, rollback_path: str) -> dict[str, str]:
    return {
        "runs": "now" if runs else "",
        "when (UTC)": f"{record.ended_at:%Y-%m-%d %H:%M}",
        "release": record.release,
        "kind": record.kind,
        "outcome": record.outcome.value,
        "took": took((record.ended_at - record.started_at).total_seconds()),
        "roll back to": rollback_path,
        "commit": record.commit,
        "migrations": _migrations(record),
        "by": record.by or "unknown",
        "image": record.image_digest.removeprefix("sha256:")[:_DIGEST],
        "revision": record.task_definition.rsplit(":", 1)[-1],
        "steps": ", ".join(f"{name} {took(seconds)}" for name, seconds in record.durations.items()),
    }


def _migrations(record: ReleaseRecord) -> str:
    number = str(len(record.migrations)) if record.migrations else ""
    return f"{number}, irreversible" if record.irreversible else number


def _rollback_path(
    record: ReleaseRecord, live: str | None, unusable: Mapping[str, str | None], ahead: set[str]
) -> str:
    """Say whether rollback-application would take it (see pipeline.release.rollback)."""
    if record.task_definition == live:
        return "is what runs"
    if not record.outcome.good:
        return "no: never was good"
    if record.task_definition not in unusable:
        return "not looked at"
    reason = unusable[record.task_definition]
    if reason:
        return f"no: {reason}"
    return "with accept_schema" if record.task_definition in ahead else "yes"


def took(seconds: float) -> str:
    """Return a duration for people: 4.2 s, 3 min 05 s."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"
