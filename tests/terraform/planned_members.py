"""Planned attributes held against the members of the requests that carry them.

``planned_members.toml`` says which member an attribute becomes.
"""

import json
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from botocore.validate import ParamValidator
from support.aws_models import item_of, member
from support.aws_requests import Violation, tag_problems, violations
from support.aws_rules import RULES

TABLE: dict[str, dict[str, str]] = tomllib.loads(
    (Path(__file__).parent / "planned_members.toml").read_text(encoding="utf-8")
)
NEVER_SENT = "- "
_NUMBERS = {"integer": int, "long": int, "float": float, "double": float}
_LIMITS = {"min", "max", "pattern", "enum"}


@dataclass(frozen=True)
class Resource:
    """One resource as it will be once the plan is applied."""

    address: str
    kind: str
    values: dict[str, Any]

    @property
    def root(self) -> str:
        """The root module that it belongs to: staging, production or platform."""
        return self.address.split(".")[1]

    @property
    def module(self) -> str:
        """The address of the module that declares it."""
        return self.address.rpartition(f".{self.kind}.")[0]


@dataclass
class Coverage:
    """Planned strings by what the table knows of them; tags are apart."""

    held: int = 0
    limited: int = 0  # of those that are held: EC2's model, for one, limits next to nothing
    never_sent: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)

    @property
    def share(self) -> float:
        """The share of the strings that may be sent which is held against a model."""
        return self.held / (self.held + self.unknown.total())

    def __str__(self) -> str:
        counted = self.held + self.unknown.total()
        told = (
            f"{self.share:.1%} of {counted} planned strings are held against a model",
            f"{self.limited / max(self.held, 1):.1%} of these are limited by it or by a rule",
            f"never sent: {dict(self.never_sent)}",
            f"unknown: {dict(self.unknown)}",
        )
        return "; ".join(told)


def resources(plan: dict[str, Any]) -> list[Resource]:
    """Return what the plan makes, without data sources."""
    return [
        Resource(found["address"], found["type"], found["change"]["after"])
        for found in plan["resource_changes"]
        if found["mode"] == "managed" and found["change"]["after"] is not None
    ]


def refused(found: list[Resource]) -> Iterator[Violation]:
    """Yield each planned value that AWS's models, or the rules about the member, refuse."""
    for resource in found:
        for problem in tag_problems(resource.values.get("tags_all") or {}):
            yield Violation(resource.address, "tags", problem)
        for attribute, value in _leaves(resource.values):
            sent = _sent(resource.kind, attribute)
            if sent and not sent.startswith(NEVER_SENT):
                where = f"{resource.address} {attribute}, {sent}"
                yield from (Violation(where, item.value, item.rule) for item in _held(sent, value))


def coverage(found: list[Resource]) -> Coverage:
    """Count the planned strings."""
    counted = Coverage()
    for resource in found:
        for attribute, value in _leaves(resource.values):
            sent = _sent(resource.kind, attribute)
            if not isinstance(value, str):
                continue
            if sent is None:
                counted.unknown[f"{resource.kind}.{attribute}"] += 1
            elif sent.startswith(NEVER_SENT):
                counted.never_sent[f"{resource.kind}.{attribute}"] += 1
            else:
                counted.held += 1
                counted.limited += _is_limited(sent)
    return counted


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield attribute paths and their values: what is set, no switches, and no tags."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if path or name not in {"tags", "tags_all"}:
                yield from _leaves(inner, f"{path}.{name}".removeprefix("."))
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, path)
    elif value not in (None, "") and not isinstance(value, bool):
        yield path, value


@cache
def _sent(kind: str, attribute: str) -> str | None:
    known = TABLE.get(kind, {})
    return known.get(attribute, known.get(f"{attribute.rpartition('.')[0]}.*"))


@cache
def _is_limited(sent: str) -> bool:
    shape = item_of(member(*sent.split(" ")))
    return shape.type_name != "string" or sent in RULES or bool(_LIMITS & set(shape.metadata))


def _held(sent: str, value: Any) -> Iterator[Violation]:
    service, operation, path = sent.split(" ")
    shape = member(service, operation, path)
    if shape.type_name == "list" and isinstance(value, str) and value.startswith("["):
        value = json.loads(value)
        errors = ParamValidator().validate(value, shape)
        if errors.has_errors():
            yield Violation(sent, value, errors.generate_report())
        yield from violations(service, operation, shape, value, path)
        return
    shape = item_of(shape)
    try:
        as_sent = _NUMBERS.get(shape.type_name, str)(value) if shape.type_name != "boolean" else value
    except ValueError:
        yield Violation(sent, value, f"is no {shape.type_name}")
        return
    yield from violations(service, operation, shape, as_sent, path)
