"""The task definitions of an account, by the rules of the ECS API reference."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from support.answering import Refusal

_FARGATE = {"256": ("512", "1024", "2048"), "512": ("1024", "2048", "3072", "4096")}
"""Memory that Fargate takes with so much CPU, as far as tests need it (Amazon ECS developer guide)."""


@dataclass
class FakeTaskDefinitions:
    """Registers, describes and lists revisions."""

    prefix: str = "arn:aws:ecs:af-south-1:123456789012"
    definitions: dict[str, dict[str, Any]] = field(default_factory=dict)
    tags: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    def register_task_definition(
        self, *, family: str, tags: Sequence[dict[str, str]] = (), **described: Any
    ) -> dict[str, Any]:
        """Register the next revision of a family."""
        if described.get("memory") not in _FARGATE.get(described.get("cpu", ""), ()):
            raise Refusal("ClientException", "No Fargate configuration exists for given values.")
        keys = [tag["key"] for tag in tags]
        if len(keys) > 50 or len(set(keys)) < len(keys):
            raise Refusal("InvalidParameterException", "Tag keys must be unique, and 50 at most.")
        for container in described["containerDefinitions"]:
            _refuse_double_names(container)
        revision = 1 + sum(arn.startswith(f"{self._base(family)}:") for arn in self.definitions)
        arn = f"{self._base(family)}:{revision}"
        self.definitions[arn] = {
            **described,
            "family": family,
            "taskDefinitionArn": arn,
            "revision": revision,
            "status": "ACTIVE",
        }
        self.tags[arn] = list(tags)
        return {"taskDefinition": self.definitions[arn], "tags": self.tags[arn]}

    def describe_task_definition(self, *, taskDefinition: str, include: Sequence[str] = ()) -> dict[str, Any]:  # noqa: N803 - boto3's spelling
        """Return a revision; its tags only where they are asked for."""
        arn = self.arn_of(taskDefinition)
        return {"taskDefinition": self.definitions[arn], **({"tags": self.tags[arn]} if include else {})}

    def list_task_definitions(self, **asked: Any) -> dict[str, Any]:
        """Return the active revisions of exactly this family, page by page."""
        found = [
            arn
            for arn, item in self.definitions.items()
            if item["family"] == asked["familyPrefix"] and item["status"] == "ACTIVE"
        ]
        newest_first = asked.get("sort") == "DESC"
        ordered = sorted(found, key=lambda arn: self.definitions[arn]["revision"], reverse=newest_first)
        start = int(asked.get("nextToken", 0))
        end = start + asked.get("maxResults", 100)
        page = {"taskDefinitionArns": ordered[start:end]}
        return {**page, "nextToken": str(end)} if end < len(ordered) else page

    def deregister(self, arn: str) -> None:
        """Make a revision inactive: it can be described, and nothing new can be started on it."""
        self.definitions[arn]["status"] = "INACTIVE"

    def arn_of(self, name: str) -> str:
        """Return the ARN for what a request calls a definition: ARN, FAMILY:REVISION or FAMILY."""
        arn = name if name.startswith("arn:") else self._base(name)
        if ":" not in arn.rpartition("/")[2]:
            arn = max((item for item in self.definitions if item.startswith(f"{arn}:")), key=len, default=arn)
        if arn not in self.definitions:
            raise Refusal("ClientException", "Unable to describe task definition.")
        return arn

    def containers(self, arn: str) -> list[dict[str, Any]]:
        """Return the containers of a revision."""
        return list(self.definitions[arn]["containerDefinitions"])

    def _base(self, family: str) -> str:
        return f"{self.prefix}:task-definition/{family}"


def _refuse_double_names(container: dict[str, Any]) -> None:
    names = [item["name"] for key in ("environment", "secrets") for item in container.get(key, [])]
    if len(set(names)) < len(names):
        raise Refusal(
            "ClientException",
            "The secret name must be unique and not shared with any new or existing environment variables",
        )
