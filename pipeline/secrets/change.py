"""Changes to the secret by the given values. Pure; values stay out of every repr."""

import hashlib
import json
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

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


class Concealed(Protocol):
    """A value that shows itself only when asked, such as pydantic's SecretStr."""

    def get_secret_value(self) -> str:
        """Return the value."""


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


def plan_change(current: Mapping[str, Any], wanted: Mapping[str, Concealed]) -> SecretChange:
    """Compare the secret with the wanted values; keys that are not wanted stay."""
    values = {key: item.get_secret_value() for key, item in wanted.items()}
    return SecretChange(
        added=tuple(sorted(values.keys() - current.keys())),
        updated=tuple(sorted(key for key in values.keys() & current.keys() if values[key] != current[key])),
        kept=tuple(sorted(current.keys() - values.keys())),
        document=json.dumps({**current, **values}, sort_keys=True, ensure_ascii=False),
    )


def check_values(wanted: Mapping[str, Concealed], required: Collection[str]) -> None:
    """Refuse values that would leave the application without one it needs.

    Raises:
        SecretValuesError: naming every required key that is absent and every key that is blank.
    """
    blank = {key for key, item in wanted.items() if not item.get_secret_value().strip()}
    faults = tuple(sorted((set(required) - wanted.keys()) | blank))
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
