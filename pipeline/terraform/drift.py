"""Drift that somebody made, told from what the configuration and the provider leave to others (pure).

Terraform names every attribute that reads otherwise than its state says. Two kinds are nobody's change:
what the configuration ignores (``lifecycle``), as deployments and auto scaling change it, and what only the
provider can set, such as the size of a file system. The rest is somebody's, as the state is read back after
each apply (``Workspace.read_back``).
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pipeline.terraform.document import Action, PlanDocument, ResourceChange

Attributes = Mapping[str, frozenset[str]]
_RESOURCE = re.compile(r'^resource "(\w+)" "([\w-]+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
_IGNORED = re.compile(r"\bignore_changes\s*=\s*\[([^\]]*)\]")


def ignored_attributes(configuration: str) -> Attributes:
    """Return by TYPE.NAME what a configuration, as ``terraform fmt`` writes it, leaves to others."""
    found: dict[str, frozenset[str]] = {}
    for kind, name, body in _RESOURCE.findall(configuration):
        items = frozenset(item.strip() for listed in _IGNORED.findall(body) for item in listed.split(","))
        found[f"{kind}.{name}"] = found.get(f"{kind}.{name}", frozenset()) | items
    return found


def computed_attributes(schemas: Mapping[str, Any]) -> Attributes:
    """Return by type of resource what the provider alone sets (``terraform providers schema -json``)."""
    return {
        kind: frozenset(
            name
            for name, attribute in resource["block"].get("attributes", {}).items()
            if attribute.get("computed") and not attribute.get("optional")
        )
        for provider in schemas.get("provider_schemas", {}).values()
        for kind, resource in provider.get("resource_schemas", {}).items()
    }


def leave_out(document: PlanDocument, attributes: Attributes) -> PlanDocument:
    """Leave attributes out of the drift, by type or by TYPE.NAME of the resource; a deletion stays."""
    told = (_leave_out(change, attributes) for change in document.drift)
    return replace(document, drift=tuple(change for change in told if change.attributes))


def _leave_out(change: ResourceChange, attributes: Attributes) -> ResourceChange:
    if change.action is Action.DELETE:
        return change
    names = re.findall(rf"\b{change.type}\.[\w-]+", change.address)
    theirs = attributes.get(change.type, frozenset()) | attributes.get(
        names[-1] if names else "", frozenset()
    )
    kept = tuple(item for item in change.attributes if item.path.split(".")[0] not in theirs)
    return replace(change, attributes=kept)
