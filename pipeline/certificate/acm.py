"""Reads certificates from ACM: the only module here that sees its answers."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from botocore.exceptions import ClientError

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import calling, code_of
from pipeline.certificate.model import CertificateError, CertificateFacts, Validation, normal_serial


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
