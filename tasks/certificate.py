"""Looks at the public certificate."""

from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.events import emit_event
from prefect.logging import get_run_logger

from blocks import Target
from pipeline.certificate import CertificateReport, Endpoint, Limits, check_certificate, lookup_cname
from pipeline.ecs.watch import utc_now


@task(name="report-no-certificate", persist_result=False)
def report_no_certificate(target: Target) -> None:
    """Say that there is nothing to check."""
    text = f"{target.name} has no certificate: its load balancer answers plain HTTP."
    get_run_logger().info(text)
    create_table_artifact(
        key=f"certificate-{target.name}",
        table=[{"what": "certificate", "verdict": "SKIPPED", "found": text, "next step": ""}],
        description=f"{target.name}: no certificate",
    )


@task(name="check-certificate", retries=2, retry_delay_seconds=[5, 30], persist_result=False)
def inspect_certificate(
    target: Target, arn: str, domain: str, limits: Limits, dry_run: bool = False
) -> CertificateReport:
    """Ask ACM, the endpoint and DNS about the certificate, and show every finding; a dry run tells nobody."""
    endpoint = Endpoint(domain)
    report = check_certificate(target.access, arn, utc_now(), endpoint, lookup_cname, limits)
    for finding in report.verdict.problems:
        get_run_logger().warning("%s: %s %s", finding.subject, finding.text, finding.next_step)
    create_table_artifact(
        key=f"certificate-{target.name}",
        table=[
            {
                "what": finding.subject,
                "verdict": finding.level.name,
                "found": finding.text,
                "next step": finding.next_step,
            }
            for finding in report.verdict.findings
        ],
        description=f"{domain}: {report.verdict.level.name}, {report.verdict.days_left} days left",
    )
    if report.verdict.problems and not dry_run:
        emit_event(
            event="vimbiso.certificate.problem",
            resource={"prefect.resource.id": f"vimbiso.environment.{target.name}"},
            payload={"level": report.verdict.level.name, "days_left": report.verdict.days_left},
        )
    return report
