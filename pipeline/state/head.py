"""What a state file says of itself."""

import hashlib
import json

from pipeline.aws.bucket import StoredObject
from pipeline.state.home import StateHome
from pipeline.state.model import StateError, StateHead


class UnreadableStateError(StateError):
    """The state is there, but is not a state of Terraform."""


def read_head(home: StateHome, version_id: str | None = None) -> StateHead | None:
    """Describe the state, or one version of it; None when there is none.

    Raises:
        UnreadableStateError: it is damaged.
        AwsError: it could not be read.
    """
    stored = home.read(home.backend.key, version_id)
    return describe(stored) if stored else None


def describe(stored: StoredObject) -> StateHead:
    """Describe a state file (pure).

    Raises:
        UnreadableStateError: it is damaged.
    """
    try:
        document = json.loads(stored.body)
        return StateHead(
            bucket=stored.bucket,
            key=stored.key,
            version_id=stored.version_id,
            serial=int(document["serial"]),
            lineage=str(document["lineage"]),
            sha256=stored.sha256,
            md5=hashlib.md5(stored.body, usedforsecurity=False).hexdigest(),
            resources=len(document.get("resources", ())),
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise UnreadableStateError(
            f"s3://{stored.bucket}/{stored.key} (version {stored.version_id}) is no Terraform state. "
            "Run restore-state to bring back an earlier version."
        ) from error
