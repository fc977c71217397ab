"""Checking a certificate on an emulator."""

from datetime import UTC, datetime

import pytest
from maintenance_emulator import aws  # noqa: F401 - a fixture

from pipeline.aws.access import AwsAccess
from pipeline.certificate.check import check_certificate
from pipeline.certificate.model import CertificateError, Endpoint, Level


def test_a_requested_certificate_is_read_and_judged(aws: AwsAccess) -> None:  # noqa: F811 - the fixture's value
    """What the emulator leaves out is unknown; an endpoint nobody serves is a finding."""
    client = aws.client("acm")
    arn = client.request_certificate(DomainName="pay.test", ValidationMethod="DNS")["CertificateArn"]
    endpoint = Endpoint("pay.test", 4669, "127.0.0.1")
    report = check_certificate(aws, arn, datetime.now(UTC), endpoint, lookup=lambda _: ())
    levels = {finding.subject: finding.level for finding in report.verdict.findings}
    assert report.facts.domain == "pay.test"
    assert levels["endpoint"] is Level.UNKNOWN
    assert levels["validation record of pay.test"] is Level.WARN
    assert report.verdict.level >= Level.WARN


def test_a_certificate_that_does_not_exist_is_named(aws: AwsAccess) -> None:  # noqa: F811 - the fixture's value
    """The message says what to run."""
    arn = "arn:aws:acm:af-south-1:000000000000:certificate/00000000-0000-0000-0000-000000000000"
    with pytest.raises(CertificateError, match="deploy-infrastructure"):
        check_certificate(aws, arn, datetime.now(UTC))
