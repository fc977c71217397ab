"""Check of the public certificate: sound now, and renewed in time."""

from prefect import flow

from blocks.names import EnvironmentName
from pipeline.certificate.model import ExpiryLimits, Level
from pipeline.errors import PipelineError
from tasks.certificate import inspect_certificate, report_no_certificate
from tasks.environment import load_environment


@flow(name="check-certificate", flow_run_name="{environment}")
def check_public_certificate(
    environment: EnvironmentName, warn_days: int = 30, fail_days: int = 7, dry_run: bool = False
) -> str:
    """Check the certificate in ACM and on the endpoint: state, days left, renewal, validation records.

    **When it fails:** the run's table names each finding and its next step. It warns `warn_days` before the
    end and fails `fail_days` before it.

    Args:
        environment: whose certificate.
        warn_days: days before the end from which it is a warning.
        fail_days: days before the end from which the run fails.
        dry_run: only look: emit no event for automations.
    """
    live = load_environment(environment)
    arn, domain = live.outputs.certificate_arn, live.settings.domain
    if arn is None or domain is None:
        report_no_certificate(live)
        return "SKIPPED"
    verdict = inspect_certificate(live, arn, domain, ExpiryLimits(warn_days, fail_days), dry_run).verdict
    if verdict.level is Level.FAIL:
        worst = verdict.problems[0]
        raise PipelineError(f"{domain}: {worst.subject}: {worst.text} {worst.next_step}")
    return verdict.level.name
