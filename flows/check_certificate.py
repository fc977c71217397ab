"""Check of the public certificate: sound now, and renewed in time."""

from prefect import flow

from blocks.names import EnvironmentName
from flows.shared.ending import counted, state_is_outcome
from pipeline.certificate.model import ExpiryLimits
from pipeline.errors import PipelineError
from tasks.certificate import inspect_certificate, report_no_certificate
from tasks.environment import load_environment


@flow(name="check-certificate", flow_run_name="{environment}")
@state_is_outcome
def check_public_certificate(
    environment: EnvironmentName, warn_days: int = 30, fail_days: int = 7, dry_run: bool = False
) -> str:
    """Check the certificate in ACM and on the endpoint: state, days left, renewal, validation records.

    **When it fails:** something is not as it should be, be it a warning; the message has the worst of it, and
    the run's table each finding with its next step. An environment without a domain is skipped.

    Args:
        environment: whose certificate.
        warn_days: days before the end from which it is a warning.
        fail_days: days before the end from which it is grave.
        dry_run: only look: emit no event for automations.
    """
    live = load_environment(environment)
    arn, domain = live.outputs.certificate_arn, live.settings.domain
    if domain is None:
        return f"SKIPPED: {report_no_certificate(live)}"
    if arn is None:
        raise PipelineError(
            f"{report_no_certificate(live)} It should have that of {domain}: run deploy-infrastructure."
        )
    verdict = inspect_certificate(live, arn, domain, ExpiryLimits(warn_days, fail_days), dry_run).verdict
    if verdict.problems:
        worst = verdict.problems[0]
        raise PipelineError(f"{domain}: {worst.subject}: {worst.text}. {worst.next_step}")
    return f"The certificate of {domain} is sound, {counted(verdict.days_left or 0, 'day')} left."
