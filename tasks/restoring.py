"""Brings the state back from an earlier copy."""

import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from prefect.logging import get_run_logger
from prefect.runtime import flow_run

from pipeline.live import LiveEnvironment
from pipeline.state.backup import unpack
from pipeline.state.candidates import Candidate, fetch_candidate, list_candidates
from pipeline.state.home import describe
from pipeline.state.model import ConfigurationRecord, StateError, StateHead
from pipeline.state.record import announced, read_bundle, read_records, this_run
from pipeline.state.restorable import PresentState, choose_record, judge_restore
from pipeline.state.restore import Restored, inspect_state, restore_state
from pipeline.terraform.folder import default_base
from tasks.support import retried_step, show_table, step


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
        [_record_row(record, chosen) for record in records],
        f"{live.name}: recorded configurations, newest first",
    )
    get_run_logger().info(
        "Configuration %s of %s, applied %s", chosen.name, chosen.git_revision[:12], chosen.applied
    )
    return chosen


def _record_row(record: ConfigurationRecord, chosen: ConfigurationRecord) -> dict[str, str]:
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


_BOUND = timedelta(minutes=10)
"""Longer than any run holds the lock."""


@retried_step
def look_at_state(live: LiveEnvironment) -> PresentState:
    """Look whether the state is there and readable, and whether the lock table expects it."""
    present = inspect_state(live.state)
    get_run_logger().info("The state of %s is %s", live.name, present.told)
    return present


@retried_step
def show_candidates(live: LiveEnvironment, present: PresentState) -> tuple[Candidate, ...]:
    """Show what the state can be brought back from."""
    found = list_candidates(live.state)
    show_table(
        live,
        "state-versions",
        [_row(item, present) for item in found],
        f"{live.name}: the state is {present.told}. What there is to bring back, newest first",
    )
    return found


@step
def choose_candidate(live: LiveEnvironment, source: str, present: PresentState) -> StateHead:
    """Read the named copy, and refuse one that may not take the state's place."""
    head = describe(fetch_candidate(live.state, source))
    if refusal := judge_restore(present, head, even_if_whole=False):
        raise StateError(f"The state of {live.name} stays: {refusal}")
    get_run_logger().info("%s has serial %d and %d resources", source, head.serial, head.resources)
    return head


@step
def bring_back(live: LiveEnvironment, source: str, present: PresentState, approved_by: str) -> Restored:
    """Put the copy in the state's place, under Terraform's lock; what was there is kept."""
    home = live.state
    run_id = str(flow_run.id)
    record = this_run(run_id, live.name, default_base() / run_id, _BOUND)
    with announced(home, record):
        who = f"restore-state@{socket.gethostname()}"
        restored = restore_state(home, fetch_candidate(home, source), present, who)
    show_table(
        live,
        "state-restored",
        [
            {
                "was": present.told,
                "from": source,
                "serial": restored.serial,
                "version": restored.version_id,
                "kept": restored.kept or "nothing was there",
                "approved by": approved_by,
            }
        ],
        f"{live.name}: the state was brought back",
    )
    return restored


def _row(item: Candidate, present: PresentState) -> dict[str, str | int]:
    return {
        "source": item.name,
        "kind": item.kind,
        "taken": f"{item.taken:%Y-%m-%d %H:%M:%S} UTC",
        "serial": item.head.serial,
        "resources": item.head.resources,
        "may take its place": judge_restore(present, item.head, even_if_whole=False) or "yes",
    }
