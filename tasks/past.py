"""Recorded configurations."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect.logging import get_run_logger

from pipeline.live import LiveEnvironment
from pipeline.state.bundle import unpack
from pipeline.state.choice import choose_record
from pipeline.state.model import ConfigurationRecord
from pipeline.state.record import read_bundle, read_records
from tasks.support import show_table, step


@dataclass(frozen=True)
class PastConfiguration:
    """A recorded configuration, unpacked."""

    module: Path
    variables: dict[str, Any]
    sizes: Path
    """Its own environments/NAME.tfvars."""


@step
def choose_configuration(live: LiveEnvironment, name: str | None) -> ConfigurationRecord:
    """Choose the last good configuration before the present one, or the named one; show all."""
    records = read_records(live.state)
    chosen = choose_record(records, name)
    show_table(
        live,
        "configurations",
        [_row(record, chosen) for record in records],
        f"{live.name}: recorded configurations, newest first",
    )
    get_run_logger().info(
        "Configuration %s of %s, applied %s", chosen.name, chosen.git_revision[:12], chosen.applied
    )
    return chosen


def _row(record: ConfigurationRecord, chosen: ConfigurationRecord) -> dict[str, str]:
    return {
        "record": record.name,
        "chosen": "YES" if record is chosen else "",
        "applied": f"{record.applied:%Y-%m-%d %H:%M:%S} UTC",
        "outcome": record.outcome,
        "commit": record.git_revision[:12],
        "approved by": record.approved_by,
        "went back to": record.restores,
    }


@contextmanager
def unpacked_configuration(live: LiveEnvironment, chosen: ConfigurationRecord) -> Iterator[PastConfiguration]:
    """Unpack a recorded configuration into a private folder, removed at the end."""
    body = read_bundle(live.state, chosen)
    with tempfile.TemporaryDirectory(prefix=f"configuration-{live.name}-") as folder:
        module = Path(folder)
        variables = unpack(body, chosen.bundle_sha256, module)
        yield PastConfiguration(module, variables, module / "environments" / f"{live.name}.tfvars")
