"""Waits for ECR's scan of an image and reads its findings."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypedDict

from botocore.exceptions import BotoCoreError, ClientError
from tenacity import RetryCallState, Retrying, retry_if_result, stop_after_delay, wait_fixed, wait_random
from tenacity.wait import wait_base

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import calling, code_of
from pipeline.image.scan import Finding, ScanResult, normal_severity

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_ecr.type_defs import DescribeImageScanFindingsRequestTypeDef

_PENDING = {"PENDING", "IN_PROGRESS"}
_READY = {"COMPLETE", "ACTIVE"}
"""ACTIVE is what enhanced scanning says of an image that it watches (API reference, ImageScanStatus)."""
_NOT_KNOWN = {"InvalidAction", "UnknownOperationException", "NotImplemented", "InternalFailure"}
_OFF = "ECR doesn't scan this image: scanning on push is off for the repository."
_POLL = wait_fixed(4) + wait_random(0, 2)

Page = Mapping[str, Any]


class NextPage(TypedDict, total=False):
    """A request's part that names the page; empty for the first one."""

    nextToken: str


def wait_for_findings(
    access: AwsAccess, repository: str, digest: str, *, limit: float = 300, poll: wait_base = _POLL
) -> ScanResult:
    """Return what ECR found in an image, once its scan ended; at most ``limit`` seconds.

    A scan that is off, unsupported, failed or not done in time gives a result that says why there is none.

    Raises:
        AwsError: the call failed for another reason.
    """
    client = access.client("ecr")
    image: DescribeImageScanFindingsRequestTypeDef = {
        "repositoryName": repository,
        "imageId": {"imageDigest": digest},
    }

    def fetch(page: NextPage) -> Page:
        request: DescribeImageScanFindingsRequestTypeDef = {**image, **page}
        return client.describe_image_scan_findings(**request)

    def ask() -> ScanResult | None:
        with calling(f"Reading the scan findings of {digest}"):
            try:
                return read_findings(fetch)
            except ClientError as error:
                code = code_of(error)
                if code == "ScanNotFoundException":
                    return None if _scans(client, repository) else ScanResult(unavailable=_OFF)
                if code in _NOT_KNOWN:
                    return ScanResult(unavailable=f"This registry has no image scanning ({code}).")
                raise

    attempts = Retrying(
        retry=retry_if_result(lambda result: result is None),
        stop=stop_after_delay(limit),
        wait=poll,
        retry_error_callback=_late,
    )
    return attempts(ask) or ScanResult(unavailable=_OFF)


def read_findings(fetch: Callable[[NextPage], Page]) -> ScanResult | None:
    """Read every page; None while the scan runs. ``fetch`` takes {} or {"nextToken": …}."""
    page = fetch({})
    status = page.get("imageScanStatus", {})
    code = str(status.get("status", ""))
    if code in _PENDING:
        return None
    if code not in _READY:
        return ScanResult(unavailable=f"ECR's scan ended as {code}: {status.get('description', 'no reason')}")
    findings = [*_of_page(page)]
    while token := page.get("nextToken"):
        page = fetch({"nextToken": token})
        findings += _of_page(page)
    return ScanResult(tuple(findings))


def _of_page(page: Page) -> list[Finding]:
    found = page.get("imageScanFindings", {})
    return [
        *map(_basic, found.get("findings", [])),
        *(finding for item in found.get("enhancedFindings", []) for finding in _enhanced(item)),
    ]


def _basic(item: Mapping[str, Any]) -> Finding:
    about = {attribute["key"]: attribute.get("value", "") for attribute in item.get("attributes", [])}
    return Finding(
        name=str(item.get("name", "")),
        severity=normal_severity(str(item.get("severity", ""))),
        package=about.get("package_name", ""),
        version=about.get("package_version", ""),
        uri=str(item.get("uri", "")),
    )


def _enhanced(item: Mapping[str, Any]) -> list[Finding]:
    """One finding for each package that Amazon Inspector names."""
    details = item.get("packageVulnerabilityDetails", {})
    packages = details.get("vulnerablePackages") or [{}]
    return [
        Finding(
            name=str(details.get("vulnerabilityId") or item.get("title", "")),
            severity=normal_severity(str(item.get("severity", ""))),
            package=str(package.get("name", "")),
            version=str(package.get("version", "")),
            uri=str(details.get("sourceUrl", "")),
        )
        for package in packages
    ]


def _scans(client: "ECRClient", repository: str) -> bool:
    """Whether a scan that isn't there yet will come: scanning starts some seconds after the push."""
    try:
        answer = client.batch_get_repository_scanning_configuration(repositoryNames=[repository])
    except (ClientError, BotoCoreError):
        return False
    return any(
        item.get("scanFrequency") in {"SCAN_ON_PUSH", "CONTINUOUS_SCAN"}
        for item in answer.get("scanningConfigurations", [])
    )


def _late(state: RetryCallState) -> ScanResult:
    return ScanResult(unavailable=f"ECR's scan was not done within {state.seconds_since_start:.0f} s.")
