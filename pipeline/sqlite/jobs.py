"""Jobs that leave nothing in the bucket: orders for them, and their run from note to end."""

from collections.abc import Callable
from typing import Any

from pipeline.clock import utc_now
from pipeline.ecs.model import EcsError
from pipeline.live import LiveEnvironment
from pipeline.sqlite.journal import close_entry, open_entry
from pipeline.sqlite.model import BackupManifest, SqliteError
from pipeline.sqlite.runner import JobResult, Report, Runner, Signer
from pipeline.sqlite.store import BackupStore

TIMEOUT = 3600.0
JobSpec = Callable[[Signer], dict[str, Any]]


def fetch_spec(signer: Signer, manifest: BackupManifest) -> dict[str, Any]:
    """Return what a job needs to download and check a backup."""
    return {
        "url": signer.get(manifest.key),
        "codec": manifest.codec,
        "bytes": manifest.bytes,
        "sha256": manifest.sha256,
        "compressed_sha256": manifest.compressed_sha256,
        "checks": manifest.checks.model_dump(mode="json"),
        "integrity": "integrity_check",
    }


def run_job(
    live: LiveEnvironment,
    purpose: str,
    run_id: str,
    report: Report,
    spec: JobSpec,
) -> JobResult:
    """Run a job that leaves nothing in the bucket; its attempt ends with it, well or badly."""
    store = BackupStore(live)
    entry = open_entry(store, purpose, run_id, utc_now())
    try:
        result = Runner(live, entry, TIMEOUT, report).run(spec)
    except (SqliteError, EcsError):
        close_entry(store, entry)
        raise
    close_entry(store, entry)
    return result
