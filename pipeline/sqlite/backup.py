"""Takes a backup: upload begun here, filled by the task, completed, proven and committed here."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline.clock import Clock, utc_now
from pipeline.ecs.errors import EcsError
from pipeline.live import LiveEnvironment
from pipeline.sqlite import layout
from pipeline.sqlite.attempt import Attempt, close_attempt, open_attempt
from pipeline.sqlite.errors import BackupMismatchError, OtherRunError, SqliteError
from pipeline.sqlite.model import BEFORE_RESTORE, PART_BYTES, BackupPolicy, Checks, Manifest
from pipeline.sqlite.runner import JobResult, Report, Runner
from pipeline.sqlite.signing import Signer
from pipeline.sqlite.store import Store
from pipeline.sqlite.sweep import DEAD, sweep


def complete(store: Store, key: str, sent: list[dict[str, Any]]) -> str:
    """Make the object of its parts and return its ETag; "" where the same run has done so before.

    Raises:
        BackupMismatchError: S3 lists other parts than the task sent, or nothing at all.
    """
    upload = next((item for item in store.uploads(key) if item.key == key), None)
    if upload is None:
        if store.size(key) is None:
            raise BackupMismatchError(f"S3 has neither an upload to {key} nor the object. Run again.")
        return ""
    expected = {int(part["number"]): int(part["bytes"]) for part in sent}
    present = store.parts(upload)
    if present != expected:
        raise BackupMismatchError(
            f"S3 has {len(present)} parts with {sum(present.values())} bytes of {key}; the task sent "
            f"{len(expected)} with {sum(expected.values())}. Run again."
        )
    return store.complete(upload, {int(part["number"]): str(part["etag"]) for part in sent})


def prove(store: Store, key: str, result: dict[str, Any], policy: BackupPolicy) -> None:
    """Compare size and, by reading the object back, SHA-256 with what the task reported.

    Raises:
        BackupMismatchError: they differ.
    """
    size = store.size(key)
    if size != result["compressed_bytes"]:
        raise BackupMismatchError(
            f"{key} has {size} bytes in S3; the task sent {result['compressed_bytes']}. Run again."
        )
    if not policy.read_back:
        return
    digest = store.sha256(key)
    if digest != result["compressed_sha256"]:
        raise BackupMismatchError(
            f"SHA-256 of s3://{store.bucket}/{key} is {digest}; the task sent {result['compressed_sha256']}. "
            "Run again."
        )


def back_up(
    live: LiveEnvironment,
    run_id: str,
    report: Report,
    policy: BackupPolicy | None = None,
    reason: str = "nightly",
    clock: Clock = utc_now,
) -> Manifest:
    """Back up the environment's database while the application writes; return the committed manifest.

    A run that was killed is called again with the same ``run_id``: it finds its task and goes on. What
    other runs left behind is swept first. A failed backup leaves nothing, and older ones as they were.

    Raises:
        NoDatabaseError: the application has not made its database yet.
        SqliteJobError: the task found a reason against it (corrupt source, full disk, refused upload, ...).
        BackupMismatchError: S3 does not hold what the task sent.
        OneOffTaskError: the task did not start or end.
        AwsError: AWS refused or could not be reached; the same run may go on later.
    """
    policy = policy or BackupPolicy()
    store = Store(live)
    for line in sweep(live, clock(), max(DEAD, timedelta(seconds=3 * policy.timeout))):
        report(line)
    attempt = open_attempt(store, "backup", run_id, clock())
    try:
        return _attempted(live, store, attempt, report, policy, reason)
    except (SqliteError, EcsError):
        discard(store, attempt)
        raise


def _attempted(
    live: LiveEnvironment, store: Store, attempt: Attempt, report: Report, policy: BackupPolicy, reason: str
) -> Manifest:
    runner = Runner(live, attempt, policy.timeout, report)
    result = runner.run(lambda signer: _orders(live, store, attempt, policy, signer))
    for warning in result.values["warnings"]:
        report(f"Warning: {warning}")
    key = attempt.stem + layout.EXTENSION
    etag = complete(store, key, result.values["parts"])
    prove(store, key, result.values, policy)
    manifest = _commit(store, _manifest(attempt, key, etag, result, reason, policy))
    store.abort(store.uploads(attempt.stem))
    close_attempt(store, attempt)
    report(
        f"Backed up {manifest.bytes} bytes to s3://{store.bucket}/{key} ({manifest.compressed_bytes} bytes)"
    )
    return manifest


def _orders(
    live: LiveEnvironment, store: Store, attempt: Attempt, policy: BackupPolicy, signer: Signer
) -> dict[str, Any]:
    store.abort(store.uploads(attempt.stem))
    upload = store.create_upload(attempt.stem + layout.EXTENSION)
    return {
        "action": "backup",
        "database": live.outputs.database_path,
        "integrity": policy.integrity,
        "busy_timeout": policy.busy_timeout,
        "patience": policy.patience,
        "part_bytes": PART_BYTES,
        "part_urls": signer.parts(upload.key, upload.id, policy.parts),
    }


def _manifest(
    attempt: Attempt, key: str, etag: str, result: JobResult, reason: str, policy: BackupPolicy
) -> Manifest:
    values = result.values
    return Manifest(
        id=attempt.id,
        key=key,
        environment=attempt.environment,
        reason=reason,
        run_id=attempt.run_id,
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


def _commit(store: Store, manifest: Manifest) -> Manifest:
    """Write the manifest; from here on the backup exists. Return what is committed."""
    if manifest.reason == BEFORE_RESTORE:
        store.write(manifest.key + layout.REPLACED, b"{}")
    key = manifest.key + layout.MANIFEST
    try:
        store.write(key, manifest.model_dump_json(indent=1).encode(), once=True)
    except OtherRunError:
        # Killed between this write and the end of the attempt: the manifest there is this run's.
        known = Manifest.model_validate(store.read(key))
        if known.compressed_sha256 != manifest.compressed_sha256:
            raise
        return known
    return manifest


def discard(store: Store, attempt: Attempt) -> None:
    """Remove what an attempt without a manifest has left in the bucket."""
    store.abort(store.uploads(attempt.stem))
    keys = store.keys(attempt.stem)
    if not any(key.endswith(layout.MANIFEST) for key in keys):
        store.delete(keys)
    close_attempt(store, attempt)
