"""Restores a backup to a new file, swaps database files, and drills a restore.

The flow stops and starts the service around it.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from pipeline.clock import utc_now
from pipeline.live import LiveEnvironment
from pipeline.sqlite import layout
from pipeline.sqlite.model import BackupManifest, Checks, DatabaseBackup, SqliteError, SqliteJobError
from pipeline.sqlite.runner import Report, fetch_spec, run_job
from pipeline.sqlite.store import BackupStore, find_backup, read_manifest

_DAMAGED = {"wrong-checksum", "corrupt", "differs"}


@dataclass(frozen=True)
class Drill:
    """A drill that passed. Seconds."""

    backup: DatabaseBackup
    manifest: BackupManifest
    checks: Checks
    rto: float
    """From the call to the checked database, the start of the task included."""
    rpo: float
    """Age of the copy when the drill began: what would be lost."""
    job: float
    """Of ``rto``, what download, decompression and checks took."""


def drill(live: LiveEnvironment, run_id: str, report: Report) -> Drill:
    """Restore the newest verified backup to a throw-away task's own disk and check it.

    A backup that turns out damaged is marked: it no longer counts as verified for retention and restores.

    Raises:
        SqliteError: there is none.
        SqliteJobError: it could not be restored.
    """
    began = utc_now()
    chosen = find_backup(live)
    manifest = read_manifest(live, chosen)
    try:
        result = run_job(
            live, "drill", run_id, report, lambda signer: {**fetch_spec(signer, manifest), "action": "drill"}
        )
    except SqliteJobError as error:
        if error.kind in _DAMAGED:
            mark_unusable(live, chosen, error)
        raise
    rto = (utc_now() - began).total_seconds()
    rpo = (began - manifest.copied_at).total_seconds()
    report(
        f"{chosen.key} is restored and sound after {rto:.1f} s; {rpo / 3600:.1f} h of changes would be lost"
    )
    checks = Checks.model_validate(result.values["checks"])
    return Drill(chosen, manifest, checks, round(rto, 3), round(rpo, 3), round(result.seconds, 3))


def mark_unusable(live: LiveEnvironment, backup: DatabaseBackup, error: SqliteJobError) -> None:
    """Write the verdict beside the backup; the backup itself stays for examination."""
    verdict = json.dumps({"kind": error.kind, "message": str(error)})
    BackupStore(live).write(backup.key + layout.UNUSABLE, verdict.encode())


@dataclass(frozen=True)
class RestoredFile:
    """A restored and checked file on the data volume that nobody uses yet."""

    target: str
    manifest: BackupManifest
    seconds: float
    """How long the task took, the start of its container not included."""


@dataclass(frozen=True)
class Swapped:
    """A database that was replaced; ``aside`` is the file that was the database before."""

    database: str
    aside: str


def restore_to_file(
    live: LiveEnvironment, run_id: str, backup: DatabaseBackup, report: Report, target: str | None = None
) -> RestoredFile:
    """Restore ``backup`` to a new file on the data volume, beside the database unless ``target`` says else.

    The file appears whole and checked against the manifest, or not at all. The live database is not touched.

    Raises:
        SqliteError: ``target`` is outside the data volume or is the database itself.
        SqliteError: the manifest cannot be read.
        SqliteJobError: the backup is damaged, the volume full, the name taken, ...
        OneOffTaskError: the task did not start or end.
    """
    target = checked_target(live, target or f"{live.database}.restored-{layout.stamp(backup.at)}")
    manifest = read_manifest(live, backup)
    result = run_job(
        live,
        "restore",
        run_id,
        report,
        lambda signer: {**fetch_spec(signer, manifest), "action": "restore", "target": target},
    )
    report(f"Restored {manifest.key} to {target}")
    return RestoredFile(target, manifest, round(result.seconds, 3))


def checked_target(live: LiveEnvironment, target: str) -> str:
    """Return ``target`` if it is a file of its own on the data volume.

    Raises:
        SqliteError: it is not.
    """
    path, volume = PurePosixPath(target), PurePosixPath(live.outputs.data_path)
    if ".." in path.parts or volume not in path.parents:
        raise SqliteError(f"{target} is not on the data volume {volume}; give a path below it.")
    database = live.database
    if target in {database, *(f"{database}{side}" for side in ("-wal", "-shm", "-journal"))}:
        raise SqliteError(f"{target} is the live database; restore to a new file and swap it in.")
    return target


SwapOrders = dict[str, Any]
"""Orders of the job that puts one file in the place of another (see ``job/swap.py``)."""


def swap_orders(live: LiveEnvironment, incoming: str, at: datetime, manifest: BackupManifest) -> SwapOrders:
    """Return orders to make ``incoming`` the database and keep the present one as ``DATABASE.before-TIME``.

    They are for while the service has no tasks: the job refuses when somebody holds a lock. ``at`` must be
    the same when a killed run repeats the step. If the new file fails its check in place, or is not what
    ``manifest`` says (rows, migrations, schema), the old one returns and the job fails.

    Raises:
        SqliteError: ``incoming`` is outside the data volume or is the database itself.
    """
    aside = f"{live.database}.before-{layout.stamp(at)}"
    check = {"integrity": "integrity_check", "expected": manifest.checks.model_dump(mode="json")}
    return _orders(live, checked_target(live, incoming), aside, check)


def swap_back(live: LiveEnvironment, run_id: str, swapped: Swapped, at: datetime, report: Report) -> Swapped:
    """Make the file that was set aside the database again; what it replaced is kept, too.

    The old file returns as it was, unchecked: whatever state it is in, it is what ran before.
    """
    aside = f"{live.database}.rejected-{layout.stamp(at)}"
    orders = _orders(live, swapped.aside, aside, {"integrity": "none"})
    run_job(live, "unswap", run_id, report, lambda _: orders)
    report(f"{swapped.aside} is now {live.database}; what was there is {aside}")
    return Swapped(live.database, aside)


def _orders(live: LiveEnvironment, incoming: str, aside: str, check: dict[str, Any]) -> SwapOrders:
    return {"action": "swap", "database": live.database, "incoming": incoming, "aside": aside, **check}
