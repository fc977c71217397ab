"""Text of environments.toml in an application's folder of configuration."""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from deployments.checkout.image import BASE_IMAGE, UNGIVEN
from deployments.paths import PROJECT

_OWN = tomllib.loads((PROJECT / "deployments/environments.toml").read_text(encoding="utf-8"))
"""Environments of the sample, which give what belongs to this machine and the names in AWS."""
_BARE = re.compile(r"^[A-Za-z0-9_-]+\Z")


def toml(value: Any, expanded: bool = False) -> str:
    """Write a value as TOML; ``expanded`` leaves ``${NAME}`` to the loader."""
    if isinstance(value, Mapping):
        items = (f"{_key(str(key))} = {toml(item, expanded)}" for key, item in value.items())
        return "{ " + ", ".join(items) + " }" if value else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml(item, expanded) for item in value) + "]"
    if not isinstance(value, str):
        return json.dumps(value)
    text = value.encode(errors="replace").decode()
    quoted = json.dumps(text if expanded else text.replace("$", "$$"), ensure_ascii=False)
    return quoted.replace("\x7f", "\\u007f")


def toml_lines(settings: Mapping[str, Any], expanded: bool = False) -> list[str]:
    """Write a table's keys, one a line."""
    return [f"{_key(key)} = {toml(value, expanded)}" for key, value in settings.items()]


def _key(text: str) -> str:
    return text if _BARE.match(text) else toml(text, expanded=True)


def application_file(
    name: str, settings: Mapping[str, Any], environments: Mapping[str, Mapping[str, Any]], ask: Sequence[str]
) -> str:
    """Write environments.toml; ``ask`` are variables without a value."""
    variables = ("VIMBISO_AWS_PORT", "VIMBISO_STATE", *({BASE_IMAGE} & set(_arguments(settings))))
    lines = [
        f"# Environments of {name}. `vimbiso check` says why these lines are here.",
        "# docs/your-application.md lists what else may be. Sizes and alarms: ENV.tfvars beside it.",
        "\n[variables]",
        *toml_lines({key: _OWN["variables"][key] for key in variables}),
        "\n[names]",
        *toml_lines(_OWN["names"]),
        "\n[defaults]",
        *toml_lines({"app": name, **{key: item for key, item in settings.items() if key != "source"}}),
        *([f"# Still needed in variables: {', '.join(ask)}"] if ask else []),
    ]
    for environment, table in environments.items():
        lines += [f"\n[environments.{environment}]", *toml_lines(table, expanded=True)]
    return "\n".join((*lines, ""))


def local_table(name: str, repository: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the environment on this machine."""
    own = {key: item for key, item in _OWN["environments"]["local"].items() if key != "variables"}
    source = _source(repository, settings)
    if BASE_IMAGE in _arguments(settings):
        source["build_args"] = {**source.get("build_args", {}), BASE_IMAGE: f"${{{BASE_IMAGE}}}"}
    return {**own, "data_host_path": f"${{VIMBISO_STATE}}/data-{name}", "source": source}


def aws_table(given: Mapping[str, str], repository: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return an environment on AWS."""
    told = {key: value.replace("$", "$$") for key, value in given.items() if value}
    return {**told, "source": _source(repository, settings)}


def _arguments(settings: Mapping[str, Any]) -> dict[str, str]:
    return dict(settings.get("source", {}).get("build_args", {}))


def _source(repository: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    arguments = {key: item for key, item in _arguments(settings).items() if item != UNGIVEN}
    found = {
        "repository": repository.replace("$", "$$"),
        **settings.get("source", {}),
        "build_args": arguments,
    }
    return {key: item for key, item in found.items() if item}
