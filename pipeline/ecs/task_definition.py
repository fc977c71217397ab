"""Makes the next revision of a task definition from a present one. Pure."""

import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeline.ecs.model import EcsError

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import TagTypeDef

TEMPLATE_TAG = "pipeline:template"
"""Tag that names Terraform's revision from which the pipeline's revision was made."""
RELEASE_TAG = "pipeline:release"

Definition = dict[str, Any]
"""What RegisterTaskDefinition accepts (AWS ECS API reference)."""


@dataclass(frozen=True)
class RevisionRequest:
    """Changes of a release to the task definition."""

    name: str
    container: str
    image: str
    """Image pinned by digest: REPOSITORY@sha256:..."""
    environment: Mapping[str, str] = field(default_factory=dict)
    template: str | None = None
    """ARN of Terraform's revision that this one is made from; the live one where there is none."""
    entrypoint: tuple[str, ...] = ()
    """The image's own ENTRYPOINT."""
    command: tuple[str, ...] = ()
    """The image's own CMD."""


def to_request(
    described: Mapping[str, Any], tags: Iterable["TagTypeDef"], accepted: Iterable[str]
) -> Definition:
    """Turn a described task definition into a request that registers it again, losing nothing.

    ``accepted`` are the fields of RegisterTaskDefinition, read from botocore's service model, so that a
    field added by AWS is kept without a change here.
    """
    request = {key: described[key] for key in accepted if key in described}
    own_tags = [dict(tag) for tag in tags if not tag["key"].startswith("aws:")]
    return {**request, "tags": own_tags} if own_tags else request


def next_revision(base: Definition, release: RevisionRequest) -> Definition:
    """Return ``base`` with the release's image, environment variables and tags; ``base`` stays as it is.

    Raises:
        EcsError: the definition has no container of the release's name.
    """
    containers = [dict(item) for item in base["containerDefinitions"]]
    names = [item["name"] for item in containers]
    if release.container not in names:
        raise EcsError(
            f"Task definition {base.get('family')} has no container {release.container!r}, only {names}. "
            "Correct the container's name in Terraform and run deploy-infrastructure."
        )
    container = containers[names.index(release.container)]
    container["image"] = release.image
    container["environment"] = _environment(container.get("environment", []), release.environment)
    container |= _start(container, release)
    tags = {tag["key"]: tag["value"] for tag in base.get("tags", [])} | {RELEASE_TAG: release.name}
    if release.template:
        tags[TEMPLATE_TAG] = release.template
    tag_list = [{"key": key, "value": value} for key, value in sorted(tags.items())]
    return {**base, "containerDefinitions": containers, "tags": tag_list}


def same(first: Definition, second: Definition) -> bool:
    """Whether two definitions mean the same: order of environment, secrets and tags does not count."""
    return canonical(first) == canonical(second)


def canonical(definition: Definition) -> str:
    """Return a text that is equal for equal definitions, and that diffs line by line."""
    return json.dumps(_sorted(definition), indent=2, sort_keys=True)


def differences(first: Definition, second: Definition) -> tuple[str, ...]:
    """Return the lines of a unified diff of two canonical definitions; none when they mean the same."""
    before, after = canonical(first).splitlines(), canonical(second).splitlines()
    return tuple(difflib.unified_diff(before, after, "live", "release", lineterm=""))


def _start(container: Mapping[str, Any], release: RevisionRequest) -> dict[str, list[str]]:
    """Return entry point and command for a container that has an entry point, of its own or its image's.

    RunTask replaces the command alone, so a one-off command would be handed to an entry point that may serve
    instead of running it. With ``env`` as entry point all that is started is the command.
    """
    own = tuple(container.get("entryPoint") or ())
    entrypoint = own or release.entrypoint
    if not entrypoint:
        return {}
    command = container.get("command") or (() if own else release.command)
    return {"entryPoint": ["/usr/bin/env"], "command": [*entrypoint, *command]}


def _environment(present: list[dict[str, str]], changes: Mapping[str, str]) -> list[dict[str, str]]:
    values = {item["name"]: item["value"] for item in present} | dict(changes)
    return [{"name": name, "value": value} for name, value in sorted(values.items())]


def _sorted(value: Any) -> Any:
    """Drop empty fields and order the lists that ECS treats as sets."""
    if isinstance(value, dict):
        items = {key: _sorted(item) for key, item in value.items()}
        return {key: item for key, item in items.items() if item not in (None, [], {}, "")}
    if isinstance(value, list):
        items_list = [_sorted(item) for item in value]
        keyed = all(isinstance(item, dict) and ("name" in item or "key" in item) for item in items_list)
        return (
            sorted(items_list, key=lambda item: str(item.get("name", item.get("key"))))
            if keyed
            else items_list
        )
    return value
