"""The Terraform state: past configurations, restore, backup and lock."""

import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from prefect.logging import get_run_logger
from prefect.runtime import flow_run

from pipeline.adoption import find_existing, reclaim_secret
from pipeline.live import LiveEnvironment
from pipeline.retention import RetentionPolicy
from pipeline.state.backend import describe, read_addresses
from pipeline.state.backup import BackupReport, backup_state, unpack, would_back_up
from pipeline.state.bucket import bootstrap
from pipeline.state.model import ConfigurationRecord, RunStatus, StateError, StateHead
from pipeline.state.protection import BootstrapReport
from pipeline.state.record import announced, read_bundle, read_records, this_run
from pipeline.state.restore import (
    Candidate,
    PresentState,
    RestoredState,
    choose_record,
    fetch_candidate,
    inspect_state,
    judge_restore,
    list_candidates,
    restore_state,
)
from pipeline.state.unlock import LockReport, inspect_lock, unlock
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
def find_adoptable(live: LiveEnvironment) -> dict[str, str]:
    """Find what stands under the environment's names already, for Terraform to take over; show each."""
    found = find_existing(live.access, live.settings, read_addresses(live.state))
    rows = [{"what": item.key.replace("_", " "), "id": item.id, "": item.told} for item in found]
    show_table(live, "adopted", rows, f"{live.name}: what is taken over")
    return {item.key: item.id for item in found}


@retried_step
def restore_secret(live: LiveEnvironment) -> dict[str, str]:
    """Bring back the secret of an environment that was destroyed of late, for Terraform to take over."""
    own = reclaim_secret(live.access, live.settings, read_addresses(live.state))
    if own is None:
        return {}
    get_run_logger().info("The secret %s of a destroyed environment is taken over with its values", own.id)
    return {own.key: own.id}


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
    get_run_logger().info("The state of %s is %s", live.name, present.description)
    return present


@retried_step
def show_candidates(live: LiveEnvironment, present: PresentState) -> tuple[Candidate, ...]:
    """Show what the state can be brought back from."""
    found = list_candidates(live.state)
    show_table(
        live,
        "state-versions",
        [_row(item, present) for item in found],
        f"{live.name}: the state is {present.description}. What there is to bring back, newest first",
    )
    return found


@step
def choose_candidate(live: LiveEnvironment, source: str, present: PresentState) -> StateHead:
    """Read the named copy, and refuse one that may not take the state's place."""
    head = describe(fetch_candidate(live.state, source))
    if refusal := judge_restore(present, head):
        raise StateError(f"The state of {live.name} stays: {refusal}")
    get_run_logger().info("%s has serial %d and %d resources", source, head.serial, head.resources)
    return head


@step
def bring_back(live: LiveEnvironment, source: str, present: PresentState, approved_by: str) -> RestoredState:
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
                "was": present.description,
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
        "may take its place": judge_restore(present, item.head) or "yes",
    }


@retried_step
def bootstrap_backend(live: LiveEnvironment, *, dry_run: bool = False) -> BootstrapReport:
    """Make or adopt the state bucket and lock table; fix what is missing, weaken nothing."""
    environment = live.settings
    report = bootstrap(live.access, environment.state_bucket, environment.lock_table, dry_run=dry_run)
    for setting in report.settings:
        get_run_logger().info(
            "%s: %s was %s, %s", setting.subject, setting.setting, setting.found, setting.done
        )
    show_table(
        live,
        "state",
        [
            {"on": item.subject, "setting": item.setting, "found": item.found, "done": item.done}
            for item in report.settings
        ],
        f"Settings of {environment.state_bucket} and {environment.lock_table}",
    )
    return report


@retried_step
def copy_state(live: LiveEnvironment, *, dry_run: bool = False) -> BackupReport:
    """Copy the state and prune old copies, and show that and what protects the state."""
    report = (would_back_up if dry_run else backup_state)(live.state, RetentionPolicy())
    get_run_logger().info("Copied to %s; removed %d old copies", report.backup, len(report.removed))
    protections = [
        {"on": item.subject, "what": item.setting, "found": f"{item.found}, {item.done}"}
        for item in report.protections
    ]
    show_table(
        live,
        "state-backup",
        [*_copies(report), *protections],
        f"{live.name}: {'what would be copied' if dry_run else 'copies'} of the state",
    )
    return report


@step
def look_at_lock(live: LiveEnvironment, known: Mapping[str, RunStatus]) -> LockReport:
    """Look who holds the state's lock, and whether they live; ``known`` is what Prefect says of runs."""
    report = inspect_lock(live.state, known)
    verdict = report.verdict
    show_table(
        live,
        "lock",
        [
            {
                "lock": report.lock.id if report.lock else "none",
                "owner": verdict.owner,
                "age": str(verdict.age).partition(".")[0],
                "operation": report.lock.operation if report.lock else "",
                "verdict": verdict.state.value,
                "why": verdict.reason,
            }
        ],
        f"{live.name}: the lock of the state is {verdict.state.value}",
    )
    get_run_logger().info("%s: %s", report.verdict.state.value, report.verdict.reason)
    return report


@step
def remove_lock(live: LiveEnvironment, lock_id: str, known: Mapping[str, RunStatus]) -> LockReport:
    """Remove the lock when its owner is gone; refuse otherwise."""
    report = unlock(live.state, lock_id, known)
    get_run_logger().info("Lock %s removed; its owner was %s", lock_id, report.verdict.owner)
    return report


def _copies(report: BackupReport) -> list[dict[str, str]]:
    kept = report.backup
    copied = (
        {"on": kept.key or "the state", "what": "copied", "found": f"serial {kept.head.serial}"}
        if kept
        else {"on": "the state", "what": "nothing to copy", "found": "absent"}
    )
    return [copied, *({"on": key, "what": "removed", "found": "past its time"} for key in report.removed)]
