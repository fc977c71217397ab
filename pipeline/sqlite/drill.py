"""Proves that the newest backup can be restored, and measures how long that takes and what would be lost."""

import json
from dataclasses import dataclass

from pipeline.clock import utc_now
from pipeline.live import LiveEnvironment
from pipeline.sqlite import layout
from pipeline.sqlite.model import BackupManifest, Checks, DatabaseBackup, SqliteJobError
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
