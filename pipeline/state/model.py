"""Values of locks, runs and states."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any, Literal

from pipeline.errors import PipelineError
from pipeline.stored import word_or


class StateError(PipelineError):
    """Something about the state, its bucket or its lock table is not as it must be."""


class BucketTakenError(StateError):
    """The state bucket's name belongs to another account."""

    def __init__(self, bucket: str) -> None:
        super().__init__(
            f"The bucket {bucket} exists, but is another AWS account's or closed to these credentials. "
            "Bucket names are global: set account_id (it becomes part of the name) or another app name "
            "in deployments/environments.toml, and check that the credentials belong to the right account."
        )


class StateChangedError(StateError):
    """The state, its lock or a record changed since it was looked at; nothing was done."""


@dataclass(frozen=True)
class LockInfo:
    """Holder of the lock, as Terraform wrote it down."""

    id: str
    operation: str
    who: str
    """user@host"""
    created: datetime
    raw: str
    """The item's Info as stored; deleting is conditional on it."""

    @property
    def host(self) -> str:
        """Host of the owner."""
        return self.who.rpartition("@")[2]


def parse_lock(raw: str) -> LockInfo:
    """Read the item's Info (pure).

    Raises:
        StateError: it is not Terraform's.
    """
    try:
        document = json.loads(raw)
        return LockInfo(
            id=str(document["ID"]),
            operation=str(document.get("Operation", "")),
            who=str(document.get("Who", "")),
            created=_in_utc(datetime.fromisoformat(document["Created"])),
            raw=raw,
        )
    except (ValueError, KeyError, TypeError) as error:
        raise StateError(
            f"The lock table holds a lock that is not Terraform's: {raw[:200]!r}. Look at it by hand."
        ) from error


def _in_utc(moment: datetime) -> datetime:
    """Terraform writes UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class RunStatus(Enum):
    """Status of a run."""

    ALIVE = "alive"
    GONE = "gone"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class RunRecord:
    """One run that may hold the lock, kept as ``locks/ENV/RUN.json`` beside the state."""

    run_id: str
    environment: str
    host: str
    pid: int
    process_start: str
    """Start of that process as the kernel counts it, which tells it from a later one of the same pid."""
    folder: str
    """Private folder of its workspace; Terraform holds it even when it outlives the process."""
    announced: datetime
    until: datetime
    """When the run's own time limit has ended it for sure."""


@dataclass(frozen=True)
class StateHead:
    """Identity of one version of the state. Nothing of its content."""

    bucket: str
    key: str
    version_id: str
    serial: int
    lineage: str
    sha256: str
    md5: str
    """Digest that Terraform keeps in the lock table."""
    resources: int


@dataclass(frozen=True)
class StateSnapshot:
    """Version of the state before an apply, and its copy. Bring it back with restore-state."""

    bucket: str
    key: str
    """Key of the copy."""
    version_id: str
    """Version of the state itself that was copied."""
    serial: int
    lineage: str
    sha256: str


@dataclass(frozen=True)
class ConfigurationRecord:
    """One applied configuration. ``name`` sorts by time."""

    name: str
    environment: str
    run_id: str
    applied: datetime
    outcome: Annotated[Literal["succeeded", "failed", "unknown"], word_or("unknown", "succeeded", "failed")]
    """unknown: a word of a later version; nothing goes back to it."""
    bundle_sha256: str
    plan_sha256: str
    serial: int
    """Serial of the state afterwards."""
    lineage: str
    git_revision: str
    terraform_version: str
    approved_by: str = ""
    restores: str = ""
    """Name of the record that this apply went back to; "" for an ordinary one."""
    snapshot: StateSnapshot | None = None
    outputs: Mapping[str, Any] = field(default_factory=dict)
    """Outputs that are not sensitive."""
