"""Texts of an application's folder of configuration. Pure."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from deployments.checkout.image import BASE_IMAGE, UNGIVEN

_BARE = re.compile(r"^[A-Za-z0-9_-]+\Z")
_NAMES = """
[names]
cluster = "{app}-cluster-{environment}"
service = "{app}-service-{environment}"
repository = "{app}-{environment}"
log_group = "/ecs/{app}-{environment}"
"""
_LOCAL = """
[environments.local] # everything on this machine, as in deployments/environments.toml
account_id = "000000000000"
branch = "main"
approval = "never"
destroyable = true
scheduled = false
aws_endpoint_url = "http://localhost:${VIMBISO_AWS_PORT}"
aws_secret_key_file = "${VIMBISO_STATE}/aws-secret-key"
task_endpoint_url = "http://host.docker.internal:${VIMBISO_AWS_PORT}"
registry = "localhost:${VIMBISO_AWS_PORT}"
probe_url = "http://localhost:${VIMBISO_AWS_PORT}"
reaches_tasks = true
soak = 5
"""


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
    return json.dumps(text if expanded else text.replace("$", "$$"), ensure_ascii=False).replace(
        "\x7f", "\\u007f"
    )


def toml_lines(settings: Mapping[str, Any]) -> list[str]:
    """Write a table's keys, one a line."""
    return [f"{_key(key)} = {toml(value)}" for key, value in settings.items()]


def _key(text: str) -> str:
    return text if _BARE.match(text) else toml(text, expanded=True)


def application_file(
    name: str, settings: Mapping[str, Any], region: str, environments: Sequence[str], ask: Sequence[str]
) -> str:
    """Write environments.toml; ``ask`` are variables without a value."""
    variables = {"VIMBISO_AWS_PORT": 4566, "VIMBISO_STATE": ".local"}
    defaults = {"app": name, "region": region, **{k: v for k, v in settings.items() if k != "source"}}
    missing = [f"# Still needed in variables: {', '.join(ask)}"] if ask else []
    return "\n".join(
        [
            f"# Environments of {name}. `vimbiso check` says why these lines are here.",
            "# docs/your-application.md lists what else may be. Sizes and alarms: ENV.tfvars beside it.",
            "",
            "[variables]",
            *toml_lines(variables),
            *([f'{BASE_IMAGE} = "python:3.12-slim-bookworm"'] if BASE_IMAGE in _arguments(settings) else []),
            _NAMES,
            "[defaults]",
            *toml_lines(defaults),
            *missing,
            *environments,
        ]
    )


def local_table(name: str, repository: str, settings: Mapping[str, Any]) -> str:
    """Write the environment on this machine."""
    return _LOCAL + (
        f'data_host_path = "${{VIMBISO_STATE}}/data-{name}"\n'
        f"source = {_source(repository, settings, local=True)}\n"
    )


def aws_table(
    environment: str, given: Mapping[str, Any], repository: str, settings: Mapping[str, Any]
) -> str:
    """Write an environment on AWS."""
    lines = toml_lines({key: value for key, value in given.items() if value})
    return "\n".join(
        [f"\n[environments.{environment}]", *lines, f"source = {_source(repository, settings)}", ""]
    )


def _arguments(settings: Mapping[str, Any]) -> Mapping[str, str]:
    found: Mapping[str, str] = settings.get("source", {}).get("build_args", {})
    return found


def _source(repository: str, settings: Mapping[str, Any], local: bool = False) -> str:
    arguments = {key: value for key, value in _arguments(settings).items() if value != UNGIVEN}
    kept = {key: value for key, value in settings.get("source", {}).items() if key != "build_args"}
    written = {"repository": repository.replace("$", "$$"), **kept}
    if local and BASE_IMAGE in _arguments(settings):
        arguments[BASE_IMAGE] = f"${{{BASE_IMAGE}}}"
    return toml({**written, **({"build_args": arguments} if arguments else {})}, expanded=True)
