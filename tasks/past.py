"""Recorded configurations."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect import task
from prefect.logging import get_run_logger

from blocks import Target
from pipeline.state import ConfigurationRecord, StateHome, choose_record, read_bundle, read_records, unpack
from pipeline.terraform import backend_config


@dataclass(frozen=True)
class PastConfiguration:
    """A recorded configuration, unpacked."""

    module: Path
    variables: dict[str, Any]
    sizes: Path
    """Its own environments/NAME.tfvars."""


def _home(target: Target) -> StateHome:
    return StateHome(target.access, backend_config(target.environment), target.name)


@task(name="choose-configuration", persist_result=False)
def choose_configuration(target: Target, name: str | None) -> ConfigurationRecord:
    """Choose the last good configuration before the present one, or the named one."""
    chosen = choose_record(read_records(_home(target)), name)
    get_run_logger().info(
        "Configuration %s of %s, applied %s", chosen.name, chosen.git_revision[:12], chosen.applied
    )
    return chosen


@contextmanager
def unpacked_configuration(target: Target, chosen: ConfigurationRecord) -> Iterator[PastConfiguration]:
    """Unpack a recorded configuration into a private folder, removed at the end."""
    body = read_bundle(_home(target), chosen)
    with tempfile.TemporaryDirectory(prefix=f"configuration-{target.name}-") as folder:
        module = Path(folder)
        variables = unpack(body, chosen.bundle_sha256, module)
        yield PastConfiguration(module, variables, module / "environments" / f"{target.name}.tfvars")
