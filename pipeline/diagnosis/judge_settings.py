"""Judges what the containers are given: variables, secrets, image. Names only, never values. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.diagnosis.facts import Facts
from pipeline.diagnosis.model import Fault, Finding, Topic, Unread
from pipeline.secrets.keys import REQUIRED_KEYS

VARIABLES = Topic("environment variables")
SECRETS = Topic("secrets")
IMAGE = Topic("image")


def judge_variables(facts: Facts) -> Iterator[Finding]:
    """Has the live revision every variable that Terraform and the environment set?"""
    found = facts.definitions
    if isinstance(found, Unread):
        yield VARIABLES.skip("variables", found.reason)
        return
    name = facts.subject.outputs.container
    present = _names(found.live, name, "environment")
    required = set(facts.subject.environment.variables)
    required |= _names(found.template, name, "environment") if found.template else set()
    missing = sorted(required - present - _names(found.live, name, "secrets"))
    if missing:
        yield VARIABLES.ng("variables", f"missing: {', '.join(missing)}", Fault.VARIABLE_MISSING)
    else:
        yield VARIABLES.ok("variables", f"present: {', '.join(sorted(present)) or 'none'}")


def judge_secrets(facts: Facts) -> Iterator[Finding]:
    """Does the live revision read every required key, and has each a value?"""
    if isinstance(facts.definitions, Unread):
        yield SECRETS.skip("references", facts.definitions.reason)
    else:
        yield _references(facts, facts.definitions.live)
    found, name = facts.secrets, facts.subject.environment.secret_name
    if isinstance(found, Unread):
        fault = "does not exist" in found.reason or "no value" in found.reason
        yield (
            SECRETS.ng("values", found.reason, Fault.SECRET_MISSING)
            if fault
            else SECRETS.skip("values", found.reason)
        )
    elif found.missing:
        told = f"without a value in {name}: {', '.join(found.missing)}"
        yield SECRETS.ng("values", told, Fault.SECRET_MISSING)
    else:
        yield SECRETS.ok("values", f"{len(found.used)} keys of {name}, each with a value")


def _references(facts: Facts, live: Mapping[str, Any]) -> Finding:
    read = _names(live, facts.subject.outputs.container, "secrets")
    missing = [key for key in REQUIRED_KEYS if key not in read]
    if missing:
        return SECRETS.ng("references", f"not read: {', '.join(missing)}", Fault.VARIABLE_MISSING)
    return SECRETS.ok("references", f"read: {', '.join(sorted(read))}")


def judge_image(facts: Facts) -> Iterator[Finding]:
    """Is the image of the live revision in the registry?"""
    found = facts.image
    if isinstance(found, Unread):
        yield IMAGE.skip("image", found.reason)
    elif not found.in_registry:
        yield IMAGE.ng("image", f"{found.reference} is not in the registry", Fault.IMAGE_MISSING)
    else:
        yield IMAGE.ok("image", f"{found.reference.rpartition('/')[2]} is in the registry")


def _names(definition: Mapping[str, Any], container: str, kind: str) -> set[str]:
    """Return the names of a container's ``environment`` or ``secrets``."""
    containers = definition.get("containerDefinitions", [])
    return {str(item["name"]) for raw in containers if raw["name"] == container for item in raw.get(kind, [])}
