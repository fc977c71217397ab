"""Judges a certificate from what is known of it. Pure: no I/O, no clock."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from pipeline.certificate.model import (
    DEFAULT_LIMITS,
    CertificateFacts,
    CertificateFinding,
    CertificateVerdict,
    ExpiryLimits,
    Level,
    ServedCertificate,
    Unreachable,
    Validation,
)

RENEWAL_DUE_DAYS = 45
"""ACM begins to renew 45 to 60 days before the end (ACM User Guide, "Managed certificate renewal")."""

Records = Mapping[str, Collection[str] | None]
"""CNAME targets by record name; None where DNS could not be asked."""


def judge(
    facts: CertificateFacts,
    now: datetime,
    served: ServedCertificate | Unreachable | None = None,
    records: Records | None = None,
    limits: ExpiryLimits = DEFAULT_LIMITS,
) -> CertificateVerdict:
    """Judge a certificate; ``served`` and ``records`` are left out where nobody looked."""
    left = None if facts.not_after is None else _days(facts.not_after, now)
    findings = [_status(facts), _expiry("expiry", left, limits), _renewal(facts, left), _use(facts)]
    for validation in facts.validations:
        findings += _validation(validation, records)
    if served is not None:
        findings += _served(facts, served, now, limits)
    return CertificateVerdict(tuple(findings), left)


def _days(end: datetime, now: datetime) -> int:
    return (end - now).days


def _status(facts: CertificateFacts) -> CertificateFinding:
    if facts.status == "ISSUED":
        return CertificateFinding("status", Level.OK, "issued")
    if not facts.status:
        return CertificateFinding(
            "status", Level.UNKNOWN, "ACM gives no status", "Look at the certificate in ACM."
        )
    if facts.status == "PENDING_VALIDATION":
        step = "Create the validation records below in the domain's DNS zone; ACM gives up after 72 hours."
        return CertificateFinding("status", Level.FAIL, "not issued yet: ACM waits for the validation", step)
    why = f" ({facts.failure_reason})" if facts.failure_reason else ""
    step = "Request a new certificate: run deploy-infrastructure and see that its validation succeeds."
    return CertificateFinding("status", Level.FAIL, f"{facts.status}{why}", step)


def _expiry(subject: str, left: int | None, limits: ExpiryLimits) -> CertificateFinding:
    if left is None:
        return CertificateFinding(
            subject, Level.UNKNOWN, "the end is not known", "Look at the certificate in ACM."
        )
    text = f"{left} days left" if left >= 0 else f"expired {-left} days ago"
    if left < limits.fail_days:
        return CertificateFinding(
            subject, Level.FAIL, text, "Act today: fix the validation, or import a certificate."
        )
    if left < limits.warn_days:
        return CertificateFinding(
            subject, Level.WARN, text, "ACM should have renewed it by now: see the renewal below."
        )
    return CertificateFinding(subject, Level.OK, text)


def _renewal(facts: CertificateFacts, left: int | None) -> CertificateFinding:
    due = left is not None and left < RENEWAL_DUE_DAYS
    if facts.type == "IMPORTED":
        step = "Import its successor, or let ACM issue one (deploy-infrastructure)."
        return CertificateFinding(
            "renewal", Level.WARN if due else Level.OK, "imported: ACM never renews it", step
        )
    if facts.renewal_status:
        return _renewal_status(facts)
    if facts.eligible is False:
        step = "Attach it to the load balancer's HTTPS listener: run deploy-infrastructure."
        return CertificateFinding("renewal", Level.WARN, "ACM will not renew it, as nothing uses it", step)
    if facts.eligible is None or left is None or due:
        step = "Look at the renewal status in ACM and in the AWS Health Dashboard."
        return CertificateFinding("renewal", Level.UNKNOWN, "ACM does not say whether it renews", step)
    return CertificateFinding("renewal", Level.OK, "automatic, not due yet")


def _renewal_status(facts: CertificateFacts) -> CertificateFinding:
    why = f" ({facts.renewal_reason})" if facts.renewal_reason else ""
    if facts.renewal_status in ("SUCCESS", "PENDING_AUTO_RENEWAL"):
        return CertificateFinding("renewal", Level.OK, facts.renewal_status)
    if facts.renewal_status == "PENDING_VALIDATION":
        step = "Bring back the validation records below: ACM renews within a day of finding them."
        return CertificateFinding("renewal", Level.WARN, f"waits for the validation{why}", step)
    step = "Fix what the reason names, then request a new certificate: a failed renewal is not tried again."
    level = Level.FAIL if facts.renewal_status == "FAILED" else Level.UNKNOWN
    return CertificateFinding("renewal", level, f"{facts.renewal_status}{why}", step)


def _use(facts: CertificateFacts) -> CertificateFinding:
    if facts.in_use_by is None:
        return CertificateFinding(
            "use", Level.UNKNOWN, "ACM does not say what uses it", "Look at the certificate in ACM."
        )
    if not facts.in_use_by:
        return CertificateFinding(
            "use", Level.WARN, "nothing uses it", "Attach it to the load balancer: run deploy-infrastructure."
        )
    return CertificateFinding("use", Level.OK, f"used by {', '.join(facts.in_use_by)}")


_VALIDATION_LEVELS = {"SUCCESS": Level.OK, "PENDING_VALIDATION": Level.WARN, "FAILED": Level.FAIL}


def _validation(validation: Validation, records: Records | None) -> Iterator[CertificateFinding]:
    subject = f"validation of {validation.domain}"
    if validation.method == "EMAIL":
        step = "Change to DNS validation: e-mail needs a person at every renewal."
        yield CertificateFinding(subject, Level.WARN, f"by e-mail, {validation.status or 'unknown'}", step)
        return
    level = _VALIDATION_LEVELS.get(validation.status, Level.UNKNOWN)
    requested = f"{validation.record_name} CNAME {validation.record_value}"
    step = f"The domain's DNS zone must have: {requested}" if level and validation.record_name else ""
    yield CertificateFinding(subject, level, validation.status or "unknown", step)
    if records is not None and validation.record_name:
        yield _record(validation, records.get(validation.record_name), requested)


def _record(validation: Validation, targets: Collection[str] | None, requested: str) -> CertificateFinding:
    subject = f"validation record of {validation.domain}"
    if targets is None:
        return CertificateFinding(
            subject, Level.UNKNOWN, "DNS could not be asked", f"Check that it has: {requested}"
        )
    if _same_name(validation.record_value) in map(_same_name, targets):
        return CertificateFinding(subject, Level.OK, "is in DNS")
    text = f"points to {', '.join(targets)}" if targets else "is not in DNS"
    return CertificateFinding(
        subject, Level.WARN, f"{text}: the next renewal will fail", f"Create it: {requested}"
    )


def _same_name(name: str) -> str:
    return name.lower().rstrip(".")


def _served(
    facts: CertificateFacts, served: ServedCertificate | Unreachable, now: datetime, limits: ExpiryLimits
) -> Iterator[CertificateFinding]:
    if isinstance(served, Unreachable):
        step = "Check DNS, the listener on port 443 and its security group; verify-health tells more."
        yield CertificateFinding("endpoint", Level.UNKNOWN, f"no certificate came: {served.reason}", step)
        return
    if served.distrusted:
        step = "Attach the certificate of this domain to the HTTPS listener: run deploy-infrastructure."
        yield CertificateFinding("endpoint", Level.FAIL, f"clients refuse it: {served.distrusted}", step)
    yield _expiry("served certificate", _days(served.not_after, now), limits)
    yield _serial(facts, served)


def _serial(facts: CertificateFacts, served: ServedCertificate) -> CertificateFinding:
    if facts.serial is None:
        return CertificateFinding(
            "served serial",
            Level.UNKNOWN,
            "ACM gives no serial to compare",
            "Look at the certificate in ACM.",
        )
    if facts.serial == served.serial:
        return CertificateFinding("served serial", Level.OK, "the endpoint serves ACM's certificate")
    text = f"the endpoint serves {served.serial}, ACM has {facts.serial}"
    step = "After a renewal wait an hour; else attach ACM's certificate: run deploy-infrastructure."
    return CertificateFinding("served serial", Level.WARN, text, step)
