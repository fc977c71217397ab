"""Reading certificates from ACM's answers and records from a resolver's."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import AwsError
from pipeline.certificate.check import check_certificate, lookup_records, read_certificate
from pipeline.certificate.model import CertificateError, Level, Validation

ARN = "arn:aws:acm:af-south-1:000000000000:certificate/11111111-2222-3333-4444-555555555555"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
OPTION = {
    "DomainName": "pay.test",
    "ValidationMethod": "DNS",
    "ValidationStatus": "SUCCESS",
    "ResourceRecord": {"Name": "_a.pay.test.", "Type": "CNAME", "Value": "_b.acm-validations.aws."},
}
DETAIL = {
    "CertificateArn": ARN,
    "DomainName": "pay.test",
    "Status": "ISSUED",
    "Type": "AMAZON_ISSUED",
    "KeyAlgorithm": "EC_prime256v1",
    "Serial": "0A:BC:01",
    "NotAfter": NOW + timedelta(days=100),
    "InUseBy": ["arn:lb"],
    "RenewalEligibility": "ELIGIBLE",
    "DomainValidationOptions": [OPTION],
}


@dataclass(frozen=True)
class _Access(AwsAccess):
    prepared: Any = None

    def client(self, service: str) -> Any:
        return self.prepared


@pytest.fixture
def acm() -> Iterator[Stubber]:
    """A boto3 client that checks each request and answers from a list."""
    client = boto3.client("acm", region_name="af-south-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def _access(acm: Stubber) -> _Access:
    return _Access("af-south-1", prepared=acm.client)


def test_reads_every_fact(acm: Stubber) -> None:
    """Serial numbers are spelt one way, times are UTC."""
    acm.add_response("describe_certificate", {"Certificate": DETAIL}, {"CertificateArn": ARN})
    facts = read_certificate(_access(acm), ARN)
    assert (facts.serial, facts.in_use_by, facts.eligible) == ("abc01", ("arn:lb",), True)
    assert facts.validations == (
        Validation("pay.test", "DNS", "SUCCESS", "_a.pay.test.", "_b.acm-validations.aws."),
    )


def test_fields_that_lack_are_unknown(acm: Stubber) -> None:
    """Not one of them counts as fine."""
    acm.add_response("describe_certificate", {"Certificate": {"CertificateArn": ARN}})
    report = check_certificate(_access(acm), ARN, NOW)
    assert report.verdict.level is Level.UNKNOWN
    assert {finding.subject for finding in report.verdict.problems} == {"status", "expiry", "renewal", "use"}


def test_the_renewals_own_validation_counts_while_one_is_under_way(acm: Stubber) -> None:
    """The first issue's validation stays SUCCESS for ever."""
    pending = {**OPTION, "ValidationStatus": "PENDING_VALIDATION"}
    summary = {
        "RenewalStatus": "PENDING_VALIDATION",
        "DomainValidationOptions": [pending],
        "UpdatedAt": NOW,
    }
    acm.add_response("describe_certificate", {"Certificate": {**DETAIL, "RenewalSummary": summary}})
    asked: list[str] = []
    report = check_certificate(_access(acm), ARN, NOW, lookup=lambda name: asked.append(name) or ())  # type: ignore[func-returns-value]
    assert asked == ["_a.pay.test."]
    assert [(finding.subject, finding.level) for finding in report.verdict.problems] == [
        ("renewal", Level.WARN),
        ("validation of pay.test", Level.WARN),
        ("validation record of pay.test", Level.WARN),
    ]


def test_a_certificate_that_is_gone_is_named(acm: Stubber) -> None:
    """Refusals are another matter."""
    acm.add_client_error("describe_certificate", "ResourceNotFoundException")
    with pytest.raises(CertificateError, match="deploy-infrastructure"):
        read_certificate(_access(acm), ARN)
    acm.add_client_error("describe_certificate", "AccessDeniedException")
    with pytest.raises(AwsError) as caught:
        read_certificate(_access(acm), ARN)
    assert isinstance(caught.value.__cause__, ClientError)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (httpx.Response(200, json={"Status": 0, "Answer": [{"type": 5, "data": "_b.aws."}]}), ("_b.aws.",)),
        (httpx.Response(200, json={"Status": 3}), ()),
        (httpx.Response(200, json={"Status": 0, "Answer": [{"type": 1, "data": "10.0.0.1"}]}), ()),
        (httpx.Response(200, json={"Status": 2}), None),
        (httpx.Response(500), None),
        (httpx.Response(200, text="<html>"), None),
        (httpx.Response(200, json=[]), None),
    ],
)
def test_a_resolver_says_which_records_there_are(
    answer: httpx.Response, expected: tuple[str, ...] | None
) -> None:
    """No such name is an answer; a broken resolver is none."""
    client = httpx.Client(transport=httpx.MockTransport(lambda request: answer))
    assert lookup_records("_a.pay.test.", client=client) == expected
