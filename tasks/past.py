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
from pipeline.state import ConfigurationRecord, choose_record, home_of, read_bundle, read_records, unpack


@dataclass(frozen=True)
class PastConfiguration:
    """A recorded configuration, unpacked."""

    module: Path
    variables: dict[str, Any]
    sizes: Path
    """Its own environments/NAME.tfvars."""


@task(name="choose-configuration", persist_result=False)
def choose_configuration(target: Target, name: str | None) -> ConfigurationRecord:
    """Choose the last good configuration before the present one, or the named one."""
    chosen = choose_record(read_records(home_of(target.access, target.environment)), name)
    get_run_logger().info(
        "Configuration %s of %s, applied %s", chosen.name, chosen.git_revision[:12], chosen.applied
    )
    return chosen


@contextmanager
def unpacked_configuration(target: Target, chosen: ConfigurationRecord) -> Iterator[PastConfiguration]:
    """Unpack a recorded configuration into a private folder, removed at the end."""
    body = read_bundle(home_of(target.access, target.environment), chosen)
    with tempfile.TemporaryDirectory(prefix=f"configuration-{target.name}-") as folder:
        module = Path(folder)
        variables = unpack(body, chosen.bundle_sha256, module)
        yield PastConfiguration(module, variables, module / "environments" / f"{target.name}.tfvars")
