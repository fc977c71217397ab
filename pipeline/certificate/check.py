"""Looks at a certificate from every side and judges it."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from pipeline.aws.access import AwsAccess
from pipeline.certificate.acm import read_certificate
from pipeline.certificate.finding import DEFAULT_LIMITS, CertificateVerdict, Limits
from pipeline.certificate.model import CertificateFacts, Endpoint, Served, Unreachable
from pipeline.certificate.served import fetch_served
from pipeline.certificate.verdict import judge


@dataclass(frozen=True)
class CertificateReport:
    """What was seen and what it means."""

    facts: CertificateFacts
    served: Served | Unreachable | None
    verdict: CertificateVerdict


def check_certificate(
    access: AwsAccess,
    arn: str,
    now: datetime,
    endpoint: Endpoint | None = None,
    lookup: Callable[[str], Collection[str] | None] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> CertificateReport:
    """Read the certificate ``arn``, shake hands with ``endpoint``, and ask ``lookup`` for the records.

    An endpoint or resolver that does not answer is a finding, not an error.

    Raises:
        CertificateError: there is no such certificate.
        AwsError: AWS refused or could not be reached.
    """
    facts = read_certificate(access, arn)
    served = fetch_served(endpoint) if endpoint else None
    names = {validation.record_name for validation in facts.validations} - {""}
    records = {name: lookup(name) for name in sorted(names)} if lookup else None
    return CertificateReport(facts, served, judge(facts, now, served, records, limits))
