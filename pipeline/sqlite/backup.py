"""Takes a backup: upload begun here, filled by the task, completed, proven and committed here."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline.aws.bucket import ConflictError
from pipeline.clock import Clock, utc_now
from pipeline.ecs.model import EcsError
from pipeline.live import LiveEnvironment
from pipeline.sqlite import layout
from pipeline.sqlite.journal import JournalEntry, close_entry, open_entry
from pipeline.sqlite.model import (
    BEFORE_RESTORE,
    IMPORT,
    PART_BYTES,
    BackupManifest,
    BackupPolicy,
    Checks,
    OtherRunError,
    SqliteError,
)
from pipeline.sqlite.restore import SwapOrders
from pipeline.sqlite.runner import JobResult, Report, Runner, Signer
from pipeline.sqlite.store import MANIFEST, BackupStore
from pipeline.sqlite.sweep import DEAD, sweep


def complete(store: BackupStore, key: str, sent: list[dict[str, Any]]) -> str:
    """Make the object of its parts and return its ETag; "" where the same run has done so before.

    Raises:
        SqliteError: S3 lists other parts than the task sent, or nothing at all.
    """
    present = {item: store.parts(item) for item in store.uploads(key) if item.key == key}
    if not present:
        if store.head(key) is None:
            raise SqliteError(f"S3 has neither an upload to {key} nor the object. Run again.")
        return ""
    expected = {int(part["number"]): int(part["bytes"]) for part in sent}
    # An upload whose creation was answered to nobody, and so was created twice, has no parts.
    upload = next((item for item, parts in present.items() if parts == expected), None)
    if upload is None:
        fullest = max(present.values(), key=len)
        raise SqliteError(
            f"S3 has {len(fullest)} parts with {sum(fullest.values())} bytes of {key}; the task sent "
            f"{len(expected)} with {sum(expected.values())}. Run again."
        )
    return store.complete(upload, {int(part["number"]): str(part["etag"]) for part in sent})


def prove(store: BackupStore, key: str, result: dict[str, Any], policy: BackupPolicy) -> None:
    """Compare size and, by reading the object back, SHA-256 with what the task reported.

    Raises:
        SqliteError: they differ.
    """
    head = store.head(key)
    size = head.size if head else None
    if size != result["compressed_bytes"]:
        raise SqliteError(
            f"{key} has {size} bytes in S3; the task sent {result['compressed_bytes']}. Run again."
        )
    if not policy.read_back:
        return
    digest = store.sha256(key)
    if digest != result["compressed_sha256"]:
        raise SqliteError(
            f"SHA-256 of s3://{store.name}/{key} is {digest}; the task sent {result['compressed_sha256']}. "
            "Run again."
        )


class UnsavedError(SqliteError):
    """No backup can be had of the database that was replaced: it is not there, or cannot be read."""


def back_up(
    live: LiveEnvironment,
    run_id: str,
    report: Report,
    policy: BackupPolicy | None = None,
    reason: str = "nightly",
    clock: Clock = utc_now,
    task_definition: str = "",
    swap: SwapOrders | None = None,
) -> BackupManifest:
    """Back up the environment's database while the application writes; return the committed manifest.

    With ``swap`` another file is put in its place by the same task, once its parts are sent.

    A run that was killed is called again with the same ``run_id``: it finds its task and goes on. What
    other runs left behind is swept first. A failed backup leaves nothing, and older ones as they were.
    The task runs on ``task_definition``; on the service's where none is given.

    Raises:
        NoDatabaseError: the application has not made its database yet.
        SqliteJobError: the task found a reason against it (corrupt source, full disk, refused upload, ...).
        SqliteError: S3 does not hold what the task sent.
        OneOffTaskError: the task did not start or end.
        AwsError: AWS refused or could not be reached; the same run may go on later.
        UnsavedError: only with ``swap``: it is done, and what was replaced is kept as a file alone.
    """
    policy = policy or BackupPolicy()
    store = BackupStore(live)
    for line in sweep(live, clock(), max(DEAD, timedelta(seconds=3 * policy.timeout))):
        report(line)
    entry = open_entry(store, "backup", run_id, clock())
    try:
        runner = Runner(live, entry, policy.timeout, report, task_definition)
        return _attempted(live, store, runner, policy, reason, swap)
    except (SqliteError, EcsError):
        discard(store, entry)
        raise


def _attempted(
    live: LiveEnvironment,
    store: BackupStore,
    runner: Runner,
    policy: BackupPolicy,
    reason: str,
    swap: SwapOrders | None,
) -> BackupManifest:
    entry, report = runner.entry, runner.report
    more = {"action": "exchange", "swap": swap} if swap else {}
    result = runner.run(lambda signer: {**_spec(live, store, entry, policy, signer), **more})
    if "unsaved" in result.values:
        raise UnsavedError(str(result.values["unsaved"]))
    for warning in result.values["warnings"]:
        report(f"Warning: {warning}")
    key = entry.stem + layout.EXTENSION
    etag = complete(store, key, result.values["parts"])
    prove(store, key, result.values, policy)
    made = _manifest(entry, key, etag, result, reason, policy)
    manifest = commit(store, made.model_copy(update={"database": live.database}))
    store.abort(store.uploads(entry.stem))
    close_entry(store, entry)
    report(f"Backed up {manifest.bytes} bytes to s3://{store.name}/{key} ({manifest.compressed_bytes} bytes)")
    return manifest


def _spec(
    live: LiveEnvironment, store: BackupStore, entry: JournalEntry, policy: BackupPolicy, signer: Signer
) -> dict[str, Any]:
    store.abort(store.uploads(entry.stem))
    upload = store.create_upload(entry.stem + layout.EXTENSION)
    return {
        "action": "backup",
        "database": live.database,
        "integrity": policy.integrity,
        "busy_timeout": policy.busy_timeout,
        "patience": policy.patience,
        "part_bytes": PART_BYTES,
        "part_urls": signer.parts(upload.key, upload.id, policy.parts),
    }


def _manifest(
    entry: JournalEntry, key: str, etag: str, result: JobResult, reason: str, policy: BackupPolicy
) -> BackupManifest:
    values = result.values
    return BackupManifest(
        id=entry.id,
        key=key,
        environment=entry.environment,
        reason=reason,
        run_id=entry.run_id,
        task_definition=result.task_definition,
        copied_at=datetime.fromtimestamp(values["copied_at"], UTC),
        created_at=datetime.fromtimestamp(values["ended_at"], UTC),
        etag=etag,
        checks=Checks.model_validate(values["checks"]),
        task_seconds=round(result.seconds, 3),
        warnings=tuple(values["warnings"]),
        read_back=policy.read_back,
        **{name: values[name] for name in _SAME},
    )


_SAME = (
    "codec",
    "bytes",
    "sha256",
    "compressed_bytes",
    "compressed_sha256",
    "journal",
    "file_system",
    "lock_seconds",
    "peak_kib",
    "sqlite",
    "python",
)


_MARKS = {BEFORE_RESTORE: layout.REPLACED, IMPORT: layout.IMPORTED}


def commit(store: BackupStore, manifest: BackupManifest) -> BackupManifest:
    """Write the manifest; from here on the backup exists. Return what is committed."""
    if manifest.reason in _MARKS:
        store.write(manifest.key + _MARKS[manifest.reason], b"{}")
    key = manifest.key + layout.MANIFEST
    try:
        store.write_once(key, manifest.model_dump_json(indent=1).encode())
    except ConflictError as error:
        # Killed between this write and the end of the entry: the manifest there is this run's.
        known = store.find(key, MANIFEST, "The manifest")
        if known is None or known.compressed_sha256 != manifest.compressed_sha256:
            raise OtherRunError(str(error)) from error
        return known
    return manifest


def discard(store: BackupStore, entry: JournalEntry) -> None:
    """Remove what an entry without a manifest has left in the bucket."""
    store.abort(store.uploads(entry.stem))
    keys = store.keys(entry.stem)
    if not any(key.endswith(layout.MANIFEST) for key in keys):
        store.delete_all(keys)
    close_entry(store, entry)
