"""The Terraform state's home."""

from collections.abc import Mapping

from prefect.logging import get_run_logger

from pipeline.live import LiveEnvironment
from pipeline.retention import RetentionPolicy
from pipeline.state.backup import BackupReport, backup_state, would_back_up
from pipeline.state.bucket import bootstrap, survey
from pipeline.state.model import RunStatus
from pipeline.state.protection import BootstrapReport
from pipeline.state.unlock import LockReport, inspect_lock, unlock
from tasks.support import retried_step, show_table, step


@retried_step
def bootstrap_backend(live: LiveEnvironment, *, dry_run: bool = False) -> BootstrapReport:
    """Make or adopt the state bucket and lock table; mend what is missing, weaken nothing."""
    environment = live.settings
    report = (survey if dry_run else bootstrap)(live.access, environment.state_bucket, environment.lock_table)
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
    show_table(
        live,
        "state-backup",
        [*_copies(report), *_protections(report)],
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


def _protections(report: BackupReport) -> list[dict[str, str]]:
    return [
        {"on": item.subject, "what": item.setting, "found": f"{item.found}, {item.done}"}
        for item in report.protections
    ]
