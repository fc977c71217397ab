"""A plan's content (``terraform show -json``), without its sensitive values.

Source: https://developer.hashicorp.com/terraform/internals/json-format (format 1.x).
"""

import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from pipeline.terraform.attributes import AttributeChange, any_true, attribute_changes
from pipeline.terraform.diagnostics import TerraformError
from pipeline.terraform.process_environment import Masker


@dataclass(frozen=True)
class Plan:
    """A plan in a file. It is as secret as the state: sensitive values are readable in it."""

    path: Path
    sha256: str
    has_changes: bool
    serial: int
    """Serial of the state that it was made against; 0 when there was none."""
    lineage: str
    """Lineage of that state; "" when there was none."""


def read_plan(path: Path, *, has_changes: bool) -> Plan:
    """Describe a plan file.

    Raises:
        TerraformError: the file is no plan.
    """
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        with zipfile.ZipFile(path) as archive:
            state = json.loads(archive.read("tfstate"))
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise TerraformError(f"{path.name} is not a plan of Terraform ({error}). Plan again.") from error
    return Plan(path, digest, has_changes, int(state.get("serial", 0)), str(state.get("lineage", "")))


class Action(Enum):
    """Action on a resource."""

    CREATE = "create"
    READ = "read"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    FORGET = "forget"
    """Terraform stops managing it; the thing itself stays."""
    NO_CHANGE = "no-op"


@dataclass(frozen=True)
class ResourceChange:
    """Change of a plan to one resource."""

    address: str
    type: str
    action: Action
    reason: str = ""
    """Terraform's ``action_reason``, such as replace_because_cannot_update; "" where it needs none."""
    managed: bool = True
    """False for a data source."""
    attributes: tuple[AttributeChange, ...] = ()
    previous_address: str = ""
    imported: bool = False
    identity: str = ""
    """What AWS calls the present thing (the provider's ``id``); "" for a new one."""

    @property
    def destroys(self) -> bool:
        """Whether the present thing is deleted, for good or to be replaced."""
        return self.managed and self.action in {Action.DELETE, Action.REPLACE}


@dataclass(frozen=True)
class OutputChange:
    """Change of a plan to one output."""

    name: str
    action: Action
    sensitive: bool


@dataclass(frozen=True)
class PlanDocument:
    """A whole plan."""

    terraform_version: str
    changes: tuple[ResourceChange, ...] = ()
    """Intended changes of resources, no-ops left out."""
    drift: tuple[ResourceChange, ...] = ()
    """What was changed outside of Terraform since the last apply."""
    outputs: tuple[OutputChange, ...] = ()
    addresses: tuple[str, ...] = ()
    """Every resource that the plan looked at, changed or not."""


def parse_plan(document: Mapping[str, Any], masker: Masker = Masker()) -> PlanDocument:  # noqa: B008 - frozen
    """Read the document; values that Terraform marks sensitive, and the masker's secrets, are left out.

    Raises:
        TerraformError: it is not a plan as this version of the pipeline understands it.
    """
    try:
        return _read(document, masker)
    except (AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
        raise TerraformError(
            f"The plan that Terraform shows is not understood ({type(error).__name__}). "
            "Use the Terraform version that the project names, and plan again."
        ) from error


def _read(document: Mapping[str, Any], masker: Masker) -> PlanDocument:
    if not document["format_version"].startswith("1."):
        raise ValueError
    changes = tuple(_resource(item, masker) for item in _listed(document, "resource_changes", list))
    drift = tuple(_resource(item, masker) for item in _listed(document, "resource_drift", list))
    outputs = tuple(
        OutputChange(name, _action(item["actions"]), any_true(item.get("after_sensitive")))
        for name, item in sorted(_listed(document, "output_changes", dict).items())
    )
    return PlanDocument(
        terraform_version=str(document.get("terraform_version", "")),
        changes=tuple(
            item
            for item in changes
            if item.action is not Action.NO_CHANGE or item.previous_address or item.imported
        ),
        drift=tuple(item for item in drift if item.action is not Action.NO_CHANGE),
        outputs=tuple(item for item in outputs if item.action is not Action.NO_CHANGE),
        addresses=tuple(item.address for item in changes),
    )


def _listed(document: Mapping[str, Any], key: str, kind: type) -> Any:
    """Return a part, which Terraform leaves out where it is empty; of another type it is not understood."""
    found = document.get(key, kind())
    if not isinstance(found, kind):
        raise TypeError
    return found


def _resource(item: Mapping[str, Any], masker: Masker) -> ResourceChange:
    change = item["change"]
    return ResourceChange(
        address=str(item["address"]),
        type=str(item["type"]),
        action=_action(list(change["actions"])),
        reason=str(item.get("action_reason", "")),
        managed=item.get("mode") != "data",
        attributes=attribute_changes(change, masker),
        previous_address=str(item.get("previous_address", "")),
        imported=bool(change.get("importing")),
        identity=masker.text(str((change.get("before") or {}).get("id") or "")),
    )


def _action(actions: list[str]) -> Action:
    if {"create", "delete"} <= set(actions):
        return Action.REPLACE
    if actions == ["create", "forget"]:
        return Action.CREATE
    (only,) = actions
    return Action(only)
