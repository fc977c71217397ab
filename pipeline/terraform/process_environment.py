"""The process environment that Terraform is given."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from pipeline.aws.access import AwsAccess
from pipeline.environment.model import Environment


def root_variables(environment: Environment, extra: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return what the root module must know of the environment, plus the caller's ``extra`` values.

    The names are those of terraform/variables.pipeline.tf; sizes live in terraform/environments/NAME.tfvars.
    """
    return {
        "app": environment.app,
        "environment": environment.stage,
        "region": environment.region,
        "account_id": environment.account_id,
        "domain": environment.domain,
        "health_path": environment.health_path,
        "health_codes": environment.health_codes,
        "container_port": environment.container_port,
        "cluster_name": environment.names.cluster,
        "service_name": environment.names.service,
        "repository_name": environment.names.repository,
        "log_group_name": environment.names.log_group,
        "outputs_parameter": environment.outputs_parameter,
        "secret_name": environment.secret_name,
        "secret_keys": environment.secret_keys,
        "container": environment.container.model_dump(),
        "data": environment.data.model_dump(),
        "sidecars": {name: sidecar.model_dump() for name, sidecar in environment.sidecars.items()},
        "signing": environment.signing and environment.signing.model_dump(include={"key"}),
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


MASK = "(secret)"
_SHORTEST = 4
"""Shorter values would mask harmless text everywhere."""


@dataclass(frozen=True)
class Masker:
    """Replaces known secret values by a mask."""

    secrets: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, secrets: Iterable[str | None]) -> Self:
        """Build a masker; secrets of many lines are masked line by line too, as Terraform prints them."""
        values = {part for secret in secrets if secret for part in (secret, *secret.splitlines())}
        long_enough = [value for value in values if len(value.strip()) >= _SHORTEST]
        return cls(tuple(sorted(long_enough, key=lambda value: (-len(value), value))))

    def text(self, text: str) -> str:
        """Mask the secrets in a string."""
        for secret in self.secrets:
            text = text.replace(secret, MASK)
        return text

    def document(self, value: Any, *, keys: bool = True) -> Any:
        """Mask the secrets in every string of a parsed JSON document, and in its ``keys`` where asked for."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {
                self.text(key) if keys else key: self.document(item, keys=keys) for key, item in value.items()
            }
        if isinstance(value, list):
            return [self.document(item, keys=keys) for item in value]
        return value


_CREDENTIALS = frozenset({"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"})


def process_environment(
    inherited: Mapping[str, str], access: AwsAccess, data: Path, cli_config: Path | None = None
) -> dict[str, str]:
    """Derive Terraform's environment from the one we run in.

    Settings that would change a command behind our back (TF_VAR_*, TF_CLI_ARGS*, TF_WORKSPACE) or print
    secrets (TF_LOG*) are left out, and so are other credentials where ``access`` brings its own.
    """
    kept = {name: value for name, value in inherited.items() if not _unwanted(name, access)}
    config = cli_config or _existing(inherited.get("TF_CLI_CONFIG_FILE"))
    kept.pop("TF_CLI_CONFIG_FILE", None)
    return {
        **kept,
        **access.process_environment(),
        **({"TF_CLI_CONFIG_FILE": str(config)} if config else {}),
        "TF_DATA_DIR": str(data),
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "CHECKPOINT_DISABLE": "1",
    }


def _unwanted(name: str, access: AwsAccess) -> bool:
    if name.startswith(("TF_VAR_", "TF_CLI_ARGS", "TF_LOG")) or name in {"TF_WORKSPACE", "TF_DATA_DIR"}:
        return True
    own = access.access_key_id is not None or access.profile is not None
    return own and name in _CREDENTIALS


def _existing(path: str | None) -> Path | None:
    # Terraform warns on every command about a file that is not there; leaving it out changes nothing else.
    return Path(path) if path and Path(path).is_file() else None
