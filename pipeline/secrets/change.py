"""Changes to the secret by the given values, and the keys that are read and set. Pure; no value in a repr."""

import hashlib
import json
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from pipeline.errors import PipelineError


class SecretsError(PipelineError):
    """The application's secret could not be read or written."""


class SecretValuesError(SecretsError):
    """The values to write are incomplete or too large; ``keys`` names those at fault."""

    def __init__(self, message: str, keys: tuple[str, ...] = ()) -> None:
        self.keys = keys
        super().__init__(message)


MAX_BYTES = 65_536
"""Largest SecretString (Secrets Manager API reference, PutSecretValue)."""


@dataclass(frozen=True)
class SecretChange:
    """Names of the keys by what happens to them, sorted, and the document to write."""

    added: tuple[str, ...]
    updated: tuple[str, ...]
    kept: tuple[str, ...]
    """Set in Secrets Manager, not among the wanted values, and left alone."""
    document: str = field(repr=False, compare=False)

    @property
    def any(self) -> bool:
        """Whether a new version is needed."""
        return bool(self.added or self.updated)


def plan_change(current: Mapping[str, Any], requested: Mapping[str, SecretStr]) -> SecretChange:
    """Compare the secret with the wanted values; keys that are not wanted stay."""
    values = {key: item.get_secret_value() for key, item in requested.items()}
    return SecretChange(
        added=tuple(sorted(values.keys() - current.keys())),
        updated=tuple(sorted(key for key in values.keys() & current.keys() if values[key] != current[key])),
        kept=tuple(sorted(current.keys() - values.keys())),
        document=json.dumps({**current, **values}, sort_keys=True, ensure_ascii=False),
    )


def check_values(requested: Mapping[str, SecretStr], required: Collection[str]) -> None:
    """Refuse values that would leave the application without one it needs.

    Raises:
        SecretValuesError: naming every required key that is absent and every key that is blank.
    """
    blank = {key for key, item in requested.items() if not item.get_secret_value().strip()}
    faults = tuple(sorted((set(required) - requested.keys()) | blank))
    if faults:
        raise SecretValuesError(
            f"These keys have no value: {', '.join(faults)}. Fill them in the environment's secrets block "
            "and run sync-secrets again; nothing was written.",
            faults,
        )


def check_size(document: str) -> None:
    """Refuse a document that Secrets Manager would refuse, before it could quote it.

    Raises:
        SecretValuesError: the document is larger than 65,536 bytes.
    """
    size = len(document.encode())
    if size > MAX_BYTES:
        raise SecretValuesError(
            f"All values together take {size} bytes; Secrets Manager holds {MAX_BYTES} in one secret. "
            "Move the largest value to a secret of its own; nothing was written."
        )


def version_token(secret_arn: str, base_version: str, document: str) -> str:
    """Return the id of the version that writes ``document`` over ``base_version``.

    Two writers of the same values get the same id, so the second write is the first one again. The base
    is part of it since Secrets Manager ignores a write whose id exists: going back to older values must
    get a new id. Version ids are public: scrypt keeps short values from being guessed out of them.
    """
    salt = f"{secret_arn}\n{base_version}".encode()
    return str(uuid.UUID(bytes=hashlib.scrypt(document.encode(), salt=salt, n=2**14, r=8, p=1, dklen=16)))


@dataclass(frozen=True)
class SecretSync:
    """Result of a sync: key names and version ids only, safe for logs and artifacts."""

    secret_arn: str
    version_id: str
    """Current version afterwards; "" where a preview found no value yet."""
    changed: bool
    """Whether a new version was written, or would have been in a preview."""
    added: tuple[str, ...]
    updated: tuple[str, ...]
    kept: tuple[str, ...]
    """Keys that are in the secret but not among the values, and stay."""
    dry_run: bool = False


_ARN_PARTS = 7
"""arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME, before :KEY:STAGE:VERSION (ECS, "Pass Secrets
Manager secrets through environment variables")."""


@dataclass(frozen=True)
class KeyReport:
    """Keys that the task definition reads, against those set in the secret; names only, sorted."""

    used: tuple[str, ...]
    missing: tuple[str, ...]
    """Used but not set: the next task fails to start (ResourceInitializationError)."""
    unused: tuple[str, ...]
    """Set but not used by any container."""
    elsewhere: tuple[str, ...] = ()
    """Variables from other secrets or SSM parameters: only a task that starts shows whether those resolve."""

    @property
    def complete(self) -> bool:
        """Whether every key that a container reads is set."""
        return not self.missing


def compare_keys(task_definition: Mapping[str, Any], secret_arn: str, keys: Collection[str]) -> KeyReport:
    """Compare the ``secrets`` of a task definition (as DescribeTaskDefinition answers it) with ``keys``.

    References to other secrets and to SSM parameters are only named. A reference to the whole secret uses
    every key and misses none.
    """
    own, elsewhere = _references(task_definition, secret_arn)
    references = set(own)
    used = references - {""} | (set(keys) if "" in references else set())
    return KeyReport(
        used=tuple(sorted(used)),
        missing=tuple(sorted(used - set(keys))),
        unused=tuple(sorted(set(keys) - used)),
        elsewhere=tuple(sorted(set(elsewhere))),
    )


def _references(task_definition: Mapping[str, Any], secret_arn: str) -> tuple[list[str], list[str]]:
    """Return the keys referred to ("" for the secret as a whole), and the variables of other sources."""
    own, elsewhere = [], []
    for container in task_definition.get("containerDefinitions", ()):
        for secret in container.get("secrets", ()):
            parts = str(secret["valueFrom"]).split(":")
            if _same_secret(":".join(parts[:_ARN_PARTS]), secret_arn):
                own.append(parts[_ARN_PARTS] if len(parts) > _ARN_PARTS else "")
            else:
                elsewhere.append(str(secret["name"]))
    return own, elsewhere


def _same_secret(first: str, second: str) -> bool:
    """Whether two ARNs name one secret: either may lack the six characters that AWS appends."""
    longer, shorter = sorted((first, second), key=len, reverse=True)
    suffix = longer.removeprefix(shorter)
    return longer.startswith(shorter) and (
        not suffix or (suffix.startswith("-") and len(suffix) == len("-AbCdEf"))
    )


def unset_keys(sync: SecretSync, report: KeyReport) -> tuple[str, ...]:
    """Return the keys that the task definition reads and nobody set, nor would set by this sync."""
    return tuple(sorted(set(report.missing) - set(sync.added)))


def key_rows(sync: SecretSync, report: KeyReport) -> tuple[dict[str, str], ...]:
    """Return one row for each key that is set, written, or read by the task definition."""
    return tuple(
        {
            "key": key,
            "value": _value(key, sync, report),
            "task definition": "reads it" if key in report.used else "does not read it",
        }
        for key in sorted({*report.used, *report.unused, *sync.added, *sync.updated, *sync.kept})
    )


def _value(key: str, sync: SecretSync, report: KeyReport) -> str:
    done = "would be " if sync.dry_run else ""
    for what, keys in (("added", sync.added), ("updated", sync.updated)):
        if key in keys:
            return done + what
    if key in report.missing:
        return "NOT SET: no task starts without it"
    return "not in the block, left alone" if key in sync.kept else "unchanged"
