"""Looks whether every copy that a loss would be made good from is there and fresh."""

from datetime import timedelta

from prefect.logging import get_run_logger

from pipeline.clock import utc_now
from pipeline.freshness.judge import Finding, judge
from pipeline.freshness.survey import find_copies
from pipeline.live import LiveEnvironment
from tasks.support import retried_step, show_table, step, tell_world


@retried_step
def inspect_backups(live: LiveEnvironment, limit: timedelta) -> tuple[Finding, ...]:
    """Look at the backups of database and Terraform state and at the archive of every log group."""
    now = utc_now()
    findings = tuple(judge(item, now, limit) for item in find_copies(live))
    for finding in findings:
        if finding.bad:
            get_run_logger().warning("%s: %s. %s", finding.copies.what, finding.verdict, finding.next_step)
    show_table(
        live,
        "backups",
        [_row(finding) for finding in findings],
        f"{live.name}: copies, each to be at most {limit // timedelta(hours=1)} hours old",
    )
    return findings


@step
def tell_missing_backups(live: LiveEnvironment, findings: tuple[Finding, ...]) -> None:
    """Emit the event that something is missing or too old."""
    tell_world(
        live,
        "backups.missing",
        summary="; ".join(f"{item.copies.what}: {item.verdict}" for item in findings),
        flows=sorted({item.copies.remedy for item in findings}),
    )


def _row(finding: Finding) -> dict[str, str]:
    hours = "" if finding.age is None else f"{finding.age.total_seconds() / 3600:.1f} h"
    return {
        "copy": finding.copies.what,
        "verdict": finding.verdict,
        "newest": f"{finding.newest:%Y-%m-%d %H:%M} UTC" if finding.newest else "none",
        "age": hours,
        "next step": finding.next_step,
    }
