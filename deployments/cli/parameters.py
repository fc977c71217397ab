"""From NAME=VALUE to the parameters of a flow, by the schema that the deployment was registered with."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from deployments.cli.errors import CommandError


def read_parameters(given: Iterable[str], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters by name; what the schema wants as a text stays one.

    Raises:
        CommandError: not of the form, unknown, or given twice; names the parameters there are.
    """
    known: dict[str, Any] = schema.get("properties", {})
    found: dict[str, Any] = {}
    for word in given:
        name, equals, value = word.partition("=")
        if not equals or name not in known or name in found or name == "environment":
            raise CommandError(f"{word!r} is not understood. {_choices(known)}")
        found[name] = _value(value, known[name])
    return found


def _choices(known: Mapping[str, Any]) -> str:
    lines = [
        f"  {name}=  {' '.join(str(item.get('description', '')).split())}"
        for name, item in known.items()
        if name != "environment"
    ]
    return (
        "\n".join(["Each of these may be given once, as NAME=VALUE:", *lines]) if lines else "It takes none."
    )


def _value(text: str, schema: Mapping[str, Any]) -> Any:
    if "string" in _kinds(schema) and text != "null":
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _kinds(schema: Mapping[str, Any]) -> set[Any]:
    alternatives = schema.get("anyOf", [schema])
    return {item.get("type") for item in alternatives}
