"""What a sync did and what the task definition reads, key by key. Pure; names only."""

from collections.abc import Iterator

from pipeline.secrets.change import SecretSync
from pipeline.secrets.keys import KeyReport


def unset_keys(sync: SecretSync, report: KeyReport) -> tuple[str, ...]:
    """Return the keys that the task definition reads and nobody set, nor would set by this sync."""
    return tuple(sorted(set(report.missing) - set(sync.added)))


def key_rows(sync: SecretSync, report: KeyReport) -> tuple[dict[str, str], ...]:
    """Return one row for each key that is set, written, or read by the task definition."""
    return tuple(
        {"key": key, "value": _value(key, sync, report), "task definition": _use(key, report)}
        for key in sorted({*report.used, *report.unused, *_touched(sync)})
    )


def _touched(sync: SecretSync) -> Iterator[str]:
    yield from (*sync.added, *sync.updated, *sync.kept)


def _value(key: str, sync: SecretSync, report: KeyReport) -> str:
    done = "would be " if sync.dry_run else ""
    for what, keys in (("added", sync.added), ("updated", sync.updated)):
        if key in keys:
            return done + what
    if key in report.missing:
        return "NOT SET: no task starts without it"
    return "not in the block, left alone" if key in sync.kept else "unchanged"


def _use(key: str, report: KeyReport) -> str:
    return "reads it" if key in report.used else "does not read it"
