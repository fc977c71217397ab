"""The lock item and the digest item that Terraform keeps in DynamoDB.

Source: the S3 backend's ``dynamodb_table``; keys are ``BUCKET/KEY`` and ``BUCKET/KEY-md5``.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

from pipeline.aws.errors import calling, code_of
from pipeline.clock import utc_now
from pipeline.state.backend import StateBackend, UnreadableStateError, read_head
from pipeline.state.model import LockInfo, StateChangedError, StateHead, parse_lock


def read_lock(home: StateBackend) -> LockInfo | None:
    """Read who holds the state's lock now; None when it is free."""
    item = _read(home, home.backend.lock_id)
    return parse_lock(item["Info"]["S"]) if item and "Info" in item else None


def delete_lock(home: StateBackend, lock: LockInfo) -> None:
    """Remove exactly this lock.

    Raises:
        StateChangedError: it is gone or another one by now; nothing was done.
    """
    with calling(f"Removing the lock {lock.id} from table {home.backend.lock_table}"):
        try:
            home.access.client("dynamodb").delete_item(
                TableName=home.backend.lock_table,
                Key=_key(home.backend.lock_id),
                ConditionExpression="Info = :info",
                ExpressionAttributeValues={":info": {"S": lock.raw}},
            )
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            raise StateChangedError(
                f"The lock {lock.id} is not there any more: it was freed, or another run took it. Look again."
            ) from error


@contextmanager
def held_lock(home: StateBackend, who: str, operation: str) -> Iterator[LockInfo]:
    """Hold Terraform's own lock while the state is worked on by hand.

    Raises:
        StateChangedError: somebody else holds it.
    """
    lock = take_lock(home, who, operation)
    try:
        yield lock
    finally:
        try:
            delete_lock(home, lock)
        except StateChangedError:
            if read_lock(home) is not None:  # else boto3 repeated a request whose answer was lost
                raise


def read_digest(home: StateBackend) -> str | None:
    """Read the MD5 that Terraform expects the state to have; None when there is none."""
    item = _read(home, f"{home.backend.lock_id}-md5")
    return str(item["Digest"]["S"]) if item and "Digest" in item else None


def write_digest(home: StateBackend, md5: str) -> None:
    """Tell Terraform which MD5 the state has now."""
    with calling(f"Writing the state's digest into table {home.backend.lock_table}"):
        home.access.client("dynamodb").put_item(
            TableName=home.backend.lock_table,
            Item={**_key(f"{home.backend.lock_id}-md5"), "Digest": {"S": md5}},
        )


def take_lock(home: StateBackend, who: str, operation: str) -> LockInfo:
    """Take Terraform's lock, for ``delete_lock`` to free.

    Raises:
        StateChangedError: somebody else holds it.
    """
    backend = home.backend
    document = {
        "ID": str(uuid4()),
        "Operation": operation,
        "Info": "",
        "Who": who,
        "Version": "",
        "Created": utc_now().isoformat(),
        "Path": backend.lock_id,
    }
    lock = parse_lock(json.dumps(document))
    with calling(f"Taking the lock in table {backend.lock_table}"):
        try:
            home.access.client("dynamodb").put_item(
                TableName=backend.lock_table,
                Item={**_key(backend.lock_id), "Info": {"S": lock.raw}},
                ConditionExpression="attribute_not_exists(LockID)",
            )
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            if read_lock(home) == lock:  # boto3 repeated a request whose answer was lost
                return lock
            raise StateChangedError(
                f"The state of {home.environment} is locked by somebody else. Wait, or run unlock-state."
            ) from error
    return lock


def _read(home: StateBackend, lock_id: str) -> dict[str, Any] | None:
    with calling(f"Reading the lock table {home.backend.lock_table}"):
        answer = home.access.client("dynamodb").get_item(
            TableName=home.backend.lock_table, Key=_key(lock_id), ConsistentRead=True
        )
    item = answer.get("Item")
    return dict(item) if item else None


def _key(lock_id: str) -> dict[str, dict[str, str]]:
    return {"LockID": {"S": lock_id}}


def is_one_write_behind(digest: str | None, before: StateHead, present: StateHead) -> bool:
    """Whether the digest is that of the version which the present state directly continues. Pure."""
    continues = present.lineage == before.lineage and present.serial > before.serial
    return continues and digest == before.md5 != present.md5


def settle_digest(home: StateBackend) -> bool:
    """Write the digest that is one write behind, and say whether it was. Only while nobody else can write.

    Any other disagreement stays: the state was lost, damaged or replaced by hand, and a person decides.
    """
    newest = [version for version, _ in islice(home.versions(home.backend.key), 2)]
    if len(newest) < 2:
        return False
    try:
        present, before = read_head(home), read_head(home, newest[1])
    except UnreadableStateError:
        return False
    if present is None or before is None or present.version_id != newest[0]:
        return False
    if not is_one_write_behind(read_digest(home), before, present):
        return False
    write_digest(home, present.md5)
    return True
