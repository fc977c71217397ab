"""The variables that the pipeline hands to the root module."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.environment.model import Environment


def root_variables(environment: Environment, extra: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return what the root module must know of the environment, plus the caller's ``extra`` values.

    The names are those of terraform/variables.pipeline.tf; sizes live in terraform/environments/NAME.tfvars.
    """
    return {
        "app": environment.app,
        "environment": environment.name,
        "region": environment.region,
        "account_id": environment.account_id,
        "domain": environment.domain,
        "health_path": environment.health_path,
        "container_port": environment.container_port,
        "cluster_name": environment.names.cluster,
        "service_name": environment.names.service,
        "repository_name": environment.names.repository,
        "log_group_name": environment.names.log_group,
        "outputs_parameter": environment.outputs_parameter,
        "secret_name": environment.secret_name,
        "registry": environment.registry,
        "data_host_path": environment.data_host_path,
        **(extra or {}),
    }


def write_variables(path: Path, variables: Mapping[str, Any]) -> Path:
    """Write a variables file that only its owner may read (0600)."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(dict(variables), file)
    return path
