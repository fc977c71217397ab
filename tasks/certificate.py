"""Looks at the public certificate."""

from prefect.logging import get_run_logger

from pipeline.certificate.check import CertificateReport, check_certificate, lookup_records
from pipeline.certificate.model import Endpoint, ExpiryLimits
from pipeline.clock import utc_now
from pipeline.live import LiveEnvironment
from tasks.support import emit, retried_step, show_table, step


@step
def report_no_certificate(live: LiveEnvironment) -> str:
    """Say that there is nothing to check, and return that."""
    text = f"{live.name} has no certificate: its load balancer answers plain HTTP."
    get_run_logger().info(text)
    show_table(
        live,
        "certificate",
        [{"what": "certificate", "verdict": "SKIPPED", "found": text, "next step": ""}],
        f"{live.name}: no certificate",
    )
    return text


@retried_step
def inspect_certificate(
    live: LiveEnvironment, arn: str, domain: str, limits: ExpiryLimits, dry_run: bool = False
) -> CertificateReport:
    """Ask ACM, the endpoint and DNS about the certificate, and show every finding; a dry run tells nobody."""
    endpoint = Endpoint(domain)
    report = check_certificate(live.access, arn, utc_now(), endpoint, lookup_records, limits)
    for finding in report.verdict.problems:
        get_run_logger().warning("%s: %s %s", finding.subject, finding.text, finding.next_step)
    show_table(
        live,
        "certificate",
        [
            {
                "what": finding.subject,
                "verdict": finding.level.name,
                "found": finding.text,
                "next step": finding.next_step,
            }
            for finding in report.verdict.findings
        ],
        f"{domain}: {report.verdict.level.name}, {report.verdict.days_left} days left",
    )
    if report.verdict.problems and not dry_run:
        emit(live, "certificate.problem", level=report.verdict.level.name, days_left=report.verdict.days_left)
    return report
