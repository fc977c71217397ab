"""The place of one environment's state, and the objects beside it."""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from pipeline.aws.access import AwsAccess
from pipeline.aws.bucket import S3Bucket, StoredObject
from pipeline.aws.errors import calling
from pipeline.environment.model import Environment
from pipeline.state.model import StateError, StateHead
from pipeline.terraform.backend import BackendConfig, backend_config


class StateBackend(S3Bucket):
    """The state bucket and lock table of one environment."""

    def __init__(self, access: AwsAccess, backend: BackendConfig, environment: str) -> None:
        super().__init__(access, backend.bucket, "binary/octet-stream", "AES256")
        self.access, self.backend, self.environment = access, backend, environment

    def versions(self, key: str) -> Iterator[tuple[str, datetime]]:
        """Yield version id and time of every version of an object, newest first."""
        with calling(f"Listing the versions of s3://{self.name}/{key}"):
            pages = self.client.get_paginator("list_object_versions").paginate(Bucket=self.name, Prefix=key)
            found = [item for page in pages for item in page.get("Versions", []) if item["Key"] == key]
        for item in sorted(found, key=lambda item: item["LastModified"], reverse=True):
            yield item["VersionId"], item["LastModified"]


def state_backend_of(access: AwsAccess, environment: Environment) -> StateBackend:
    """Return where the environment's state is."""
    return StateBackend(access, backend_config(environment), environment.name)


class UnreadableStateError(StateError):
    """The state is there, but is not a state of Terraform."""


def read_head(home: StateBackend, version_id: str | None = None) -> StateHead | None:
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


_SHOWN = 5


def read_addresses(home: StateBackend) -> tuple[str, ...]:
    """Return the addresses of every resource in the state; none when there is no readable one.

    Raises:
        AwsError: it could not be read.
    """
    stored = home.read(home.backend.key)
    return addresses_in(stored.body) if stored else ()


def addresses_in(body: bytes) -> tuple[str, ...]:
    """Return the addresses in a state file of format 4 (pure); what is not understood is left out."""
    try:
        return tuple(_addresses(json.loads(body)))
    except (ValueError, KeyError, TypeError, AttributeError):
        return ()


def near_misses(requested: str, known: Collection[str]) -> tuple[str, ...]:
    """Return what a mistyped address may mean, likeliest first: resources, or their modules (pure)."""
    names = {part for address in known for part in _parts(address)}
    return tuple(get_close_matches(requested, sorted(names), n=_SHOWN, cutoff=0.5))


def _addresses(state: Mapping[str, Any]) -> Iterator[str]:
    for item in state["resources"]:
        module = f"{item['module']}." if item.get("module") else ""
        data = "data." if item.get("mode") == "data" else ""
        for instance in item.get("instances", ()):
            key = instance.get("index_key")
            suffix = "" if key is None else f"[{json.dumps(key)}]"
            yield f"{module}{data}{item['type']}.{item['name']}{suffix}"


def _parts(address: str) -> Iterator[str]:
    """Yield the address, and the modules that it lies in."""
    yield address
    steps = address.split(".")
    for end in range(2, len(steps), 2):
        if steps[end - 2] == "module":
            yield ".".join(steps[:end])
