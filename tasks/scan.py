"""Keeps images with grave vulnerabilities from being deployed."""

from prefect.logging import get_run_logger

from pipeline.clock import utc_now
from pipeline.environment.model import Scan
from pipeline.image.errors import ImageError
from pipeline.image.findings import wait_for_findings
from pipeline.image.scan import Accepted, ScanPolicy, judge_scan, scan_rows
from pipeline.live import LiveEnvironment
from tasks.support import retried_step, show_table


class ScanBlockedError(ImageError):
    """The registry's scan found what the environment does not accept."""


@retried_step
def pass_scan_gate(live: LiveEnvironment, digest: str) -> str:
    """Wait for the registry's findings in an image, show them, and refuse what the environment blocks.

    Raises:
        ScanBlockedError: naming the findings.
    """
    log, settings = get_run_logger(), live.settings.scan
    if settings.block_at is None and not settings.required:
        log.info("SKIPPED: this environment does not look at scan results.")
        return "SKIPPED"
    found = wait_for_findings(live.access, live.outputs.repository_name, digest)
    verdict = judge_scan(found, _policy(settings), utc_now().date())
    level = log.error if verdict.outcome == "BLOCKED" else log.info
    level("%s: %s", verdict.outcome, verdict.reason)
    show_table(live, "scan", scan_rows(found, verdict), f"{verdict.outcome}: {verdict.reason} Image {digest}")
    if verdict.outcome == "BLOCKED":
        raise ScanBlockedError(f"Image {digest} is not deployed; nothing was changed. {verdict.reason}")
    return verdict.outcome


def _policy(settings: Scan) -> ScanPolicy:
    allow = {name: Accepted(item.reason, item.until) for name, item in settings.allow.items()}
    return ScanPolicy(settings.block_at, allow, settings.required)
