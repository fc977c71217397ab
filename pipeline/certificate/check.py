"""Looks at a certificate from every side and judges it."""

import socket
import ssl
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from botocore.exceptions import ClientError
from cryptography import x509

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import calling, code_of
from pipeline.certificate.model import (
    DEFAULT_LIMITS,
    CertificateError,
    CertificateFacts,
    CertificateVerdict,
    Endpoint,
    ExpiryLimits,
    ServedCertificate,
    Unreachable,
    Validation,
    normal_serial,
)
from pipeline.certificate.verdict import judge


def fetch_served(
    endpoint: Endpoint, timeout: float = 10.0, authorities: Path | None = None
) -> ServedCertificate | Unreachable:
    """Return the certificate that the endpoint serves for its host name, trusted or not.

    ``authorities`` is a PEM file of trusted roots instead of the system's; ``timeout`` is in seconds.
    """
    trusting = ssl.create_default_context(cafile=authorities)
    try:
        return _handshake(endpoint, trusting, timeout, "")
    except ssl.SSLCertVerificationError as error:
        distrusted = error.verify_message or str(error)
    except OSError as error:
        return Unreachable(f"{endpoint}: {error}")
    try:
        return _handshake(endpoint, _looking(), timeout, distrusted)
    except OSError as error:
        return Unreachable(f"{endpoint}: {error}")


def _looking() -> ssl.SSLContext:
    """Return a context that takes any certificate: it is only read, nothing is sent to the peer."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _handshake(
    endpoint: Endpoint, context: ssl.SSLContext, timeout: float, distrusted: str
) -> ServedCertificate:
    address = (endpoint.address or endpoint.host, endpoint.port)
    with (
        socket.create_connection(address, timeout) as plain,
        context.wrap_socket(plain, server_hostname=endpoint.host) as secure,
    ):
        encoded = secure.getpeercert(binary_form=True)
    if encoded is None:
        raise OSError("the handshake brought no certificate")
    certificate = x509.load_der_x509_certificate(encoded)
    return ServedCertificate(f"{certificate.serial_number:x}", certificate.not_valid_after_utc, distrusted)


RESOLVER = "https://cloudflare-dns.com/dns-query"
"""Speaks JSON over HTTPS, as https://dns.google/resolve does: Python's library reads addresses only."""
_TYPES = {"CNAME": 5, "NS": 2}
_NO_ERROR, _NO_SUCH_NAME = 0, 3
_TIMEOUT_SECONDS = 5.0


def lookup_records(
    name: str, kind: str = "CNAME", resolver: str = RESOLVER, client: httpx.Client | None = None
) -> tuple[str, ...] | None:
    """Return what a name's CNAME or NS records say, () where there are none, None where nobody could say."""
    try:
        answer = (client or httpx).get(
            resolver,
            params={"name": name, "type": kind},
            headers={"accept": "application/dns-json"},
            timeout=_TIMEOUT_SECONDS,
        )
        answer.raise_for_status()
        document = answer.json()
        status = document["Status"]
        records = document.get("Answer", ())
        targets = tuple(str(record["data"]) for record in records if record["type"] == _TYPES[kind])
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return None
    return targets if status in (_NO_ERROR, _NO_SUCH_NAME) else None


def read_certificate(access: AwsAccess, arn: str) -> CertificateFacts:
    """Return what ACM says of a certificate.

    Raises:
        CertificateError: there is no such certificate.
        AwsError: AWS refused or could not be reached.
    """
    with calling(f"Describing certificate {arn}"):
        try:
            answer = access.client("acm").describe_certificate(CertificateArn=arn)
        except ClientError as error:
            if code_of(error) != "ResourceNotFoundException":
                raise
            raise CertificateError(
                f"Certificate {arn} does not exist. "
                "Run deploy-infrastructure to request it and publish its ARN."
            ) from error
    return _facts(answer["Certificate"])


def _facts(item: Mapping[str, Any]) -> CertificateFacts:
    renewal = item.get("RenewalSummary", {})
    options = renewal.get("DomainValidationOptions") or item.get("DomainValidationOptions") or ()
    eligibility = item.get("RenewalEligibility")
    return CertificateFacts(
        arn=item["CertificateArn"],
        domain=item.get("DomainName", ""),
        status=item.get("Status", ""),
        type=item.get("Type", ""),
        serial=normal_serial(item["Serial"]) if item.get("Serial") else None,
        not_after=item["NotAfter"].astimezone(UTC) if item.get("NotAfter") else None,
        failure_reason=item.get("FailureReason", ""),
        in_use_by=tuple(item["InUseBy"]) if "InUseBy" in item else None,
        eligible=None if eligibility is None else eligibility == "ELIGIBLE",
        renewal_status=renewal.get("RenewalStatus", ""),
        renewal_reason=renewal.get("RenewalStatusReason", ""),
        validations=tuple(_validation(option) for option in options),
    )


def _validation(option: Mapping[str, Any]) -> Validation:
    record = option.get("ResourceRecord", {})
    return Validation(
        domain=option.get("DomainName", ""),
        method=option.get("ValidationMethod", ""),
        status=option.get("ValidationStatus", ""),
        record_name=record.get("Name", ""),
        record_value=record.get("Value", ""),
    )


@dataclass(frozen=True)
class CertificateReport:
    """A certificate's facts and their meaning."""

    facts: CertificateFacts
    served: ServedCertificate | Unreachable | None
    verdict: CertificateVerdict


def check_certificate(
    access: AwsAccess,
    arn: str,
    now: datetime,
    endpoint: Endpoint | None = None,
    lookup: Callable[[str], Collection[str] | None] | None = None,
    limits: ExpiryLimits = DEFAULT_LIMITS,
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
