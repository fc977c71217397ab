"""Brings the secret to the wanted values, and says which keys are missing."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from pipeline.aws.access import AwsAccess
from pipeline.secrets.change import (
    Concealed,
    SecretChange,
    SecretsError,
    SecretSync,
    check_size,
    check_values,
    plan_change,
    version_token,
)
from pipeline.secrets.keys import REQUIRED_KEYS, KeyReport, compare_keys
from pipeline.secrets.store import CURRENT, PREVIOUS, SecretStore, Stored


def sync_secret(
    access: AwsAccess,
    secret_id: str,
    values: Mapping[str, Concealed],
    required: Collection[str] = REQUIRED_KEYS,
    *,
    dry_run: bool = False,
) -> SecretSync:
    """Write ``values`` to the secret (name or ARN) unless it holds them already. Safe to repeat.

    Keys that are not among ``values`` are kept: a running task definition may read them.

    Raises:
        SecretValuesError: a required key is absent, a value is blank, or all are too large together.
        SecretsError, SecretsError: the secret cannot take keys.
        SecretsError: another writer's version became current meanwhile.
        AwsError: AWS refused or could not be reached.
    """
    check_values(values, required)
    store = SecretStore(access, secret_id)
    before = store.read()
    change = plan_change(before.values, values)
    check_size(change.document)
    version = before.version_id
    if change.any and not dry_run:
        version = _write(store, before, change)
    return SecretSync(
        secret_arn=before.arn,
        version_id=version,
        changed=change.any,
        added=change.added,
        updated=change.updated,
        kept=change.kept,
        dry_run=dry_run,
    )


def secret_keys(access: AwsAccess, secret_id: str) -> tuple[str, ...]:
    """Return the names of the keys that are set to something, sorted. Raises as ``sync_secret`` does."""
    return _keys_set(SecretStore(access, secret_id).read())


def values_written(access: AwsAccess, secret_id: str) -> datetime | None:
    """Return when the present values were written, None without any. Raises as ``sync_secret`` does."""
    return SecretStore(access, secret_id).read().written


def missing_keys(access: AwsAccess, secret_id: str, task_definition: Mapping[str, Any]) -> KeyReport:
    """Compare what a task definition (as DescribeTaskDefinition answers it) reads with what is set."""
    stored = SecretStore(access, secret_id).read()
    return compare_keys(task_definition, stored.arn, _keys_set(stored))


def _keys_set(stored: Stored) -> tuple[str, ...]:
    return tuple(sorted(key for key, value in stored.values.items() if value not in (None, "")))


def _write(store: SecretStore, before: Stored, change: SecretChange) -> str:
    version = store.write(change.document, version_token(before.arn, before.version_id, change.document))
    labels = store.labels()
    previous = labels.get(PREVIOUS, before.version_id)  # emulators drop the label when a write is repeated
    if labels.get(CURRENT) != version or previous != before.version_id:
        raise SecretsError(
            f"Secret {store.secret_id}: version {version} was to follow {before.version_id or 'nothing'}, "
            f"but now {labels.get(CURRENT)} follows {labels.get(PREVIOUS)}. Another sync ran meanwhile. "
            "Run every sync of this secret again, one after the other."
        )
    return version
