"""Completes an upload and proves that S3 holds what the task sent."""

from typing import Any

from pipeline.sqlite.errors import BackupMismatchError
from pipeline.sqlite.policy import BackupPolicy
from pipeline.sqlite.store import Store


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
