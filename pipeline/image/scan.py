"""Reads the registry's scan of an image, and decides whether its findings keep it from being deployed."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, get_args

from botocore.exceptions import BotoCoreError, ClientError
from tenacity import RetryCallState, Retrying, retry_if_result, stop_after_delay, wait_fixed, wait_random
from tenacity.wait import wait_base

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import calling, code_of
from pipeline.environment.model import Scan, Severity
from pipeline.image.registry import find_platform_image

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""ECR's severities, worst first (API reference, ImageScanFinding); UNTRIAGED counts as UNDEFINED."""


@dataclass(frozen=True)
class Vulnerability:
    """One vulnerability in one package."""

    name: str
    """CVE or advisory."""
    severity: str
    package: str = ""
    version: str = ""
    uri: str = ""


@dataclass(frozen=True)
class ScanResult:
    """Findings of the registry; ``unavailable`` says why there is no result."""

    findings: tuple[Vulnerability, ...] = ()
    unavailable: str = ""


@dataclass(frozen=True)
class ScanVerdict:
    """The decision, and everything it rests on."""

    outcome: Literal["PASSED", "BLOCKED", "SKIPPED"]
    reason: str
    blocking: tuple[Vulnerability, ...] = ()
    allowed: tuple[Vulnerability, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    """Findings by severity, worst first."""


def judge_scan(result: ScanResult, policy: Scan, today: date) -> ScanVerdict:
    """Decide; without a scan result the image is SKIPPED with the reason, or BLOCKED, but never PASSED."""
    if result.unavailable:
        return ScanVerdict("BLOCKED" if policy.required else "SKIPPED", result.unavailable)
    counter = Counter(normal_severity(finding.severity) for finding in result.findings)
    counts: dict[str, int] = {severity: counter[severity] for severity in SEVERITIES if counter[severity]}
    worst_first = sorted(result.findings, key=lambda item: (_rank(item.severity), item.name, item.package))
    grave = [finding for finding in worst_first if _is_grave(finding, policy)]
    allowed = tuple(finding for finding in grave if _is_allowed(finding, policy, today))
    blocking = tuple(finding for finding in grave if finding not in allowed)
    if blocking:
        names = ", ".join(dict.fromkeys(finding.name for finding in blocking[:5]))
        more = f" and {len(blocking) - 5} more" if len(blocking) > 5 else ""
        reason = (
            f"{len(blocking)} finding(s) of severity {policy.block_at} or worse: {names}{more}. "
            "Update the packages, or allow them by name with a reason and a date."
        )
        return ScanVerdict("BLOCKED", reason, blocking, allowed, counts)
    reason = f"Nothing of severity {policy.block_at} or worse"
    reason += f", but for {len(allowed)} allowed." if allowed else "."
    if policy.block_at is None:
        reason = "The policy blocks nothing."
    return ScanVerdict("PASSED", reason, (), allowed, counts)


def normal_severity(severity: str) -> str:
    """Return one of :data:`SEVERITIES`."""
    return severity if severity in SEVERITIES else "UNDEFINED"


def _rank(severity: str) -> int:
    return SEVERITIES.index(normal_severity(severity))


def _is_grave(finding: Vulnerability, policy: Scan) -> bool:
    return policy.block_at is not None and _rank(finding.severity) <= _rank(policy.block_at)


def _is_allowed(finding: Vulnerability, policy: Scan, today: date) -> bool:
    accepted = policy.allow.get(finding.name)
    return accepted is not None and (accepted.until is None or today <= accepted.until)


def scan_rows(result: ScanResult, verdict: ScanVerdict) -> list[dict[str, str]]:
    """Return one row for each finding, or one that says why there is none."""
    if not result.findings:
        return [{"result": verdict.outcome, "finding": "none", "reason": verdict.reason}]
    return [
        {
            "result": _result(item, verdict),
            "severity": item.severity,
            "finding": item.name,
            "package": f"{item.package} {item.version}".strip(),
            "more": item.uri,
        }
        for item in result.findings
    ]


def _result(item: Vulnerability, verdict: ScanVerdict) -> str:
    if item in verdict.blocking:
        return "BLOCKED"
    return "allowed" if item in verdict.allowed else "passed"


_PENDING = {"PENDING", "IN_PROGRESS"}
_READY = {"COMPLETE", "ACTIVE"}
"""ACTIVE is what enhanced scanning says of an image that it watches (API reference, ImageScanStatus)."""
_NOT_KNOWN = {"InvalidAction", "UnknownOperationException", "NotImplemented", "InternalFailure"}
_OFF = "ECR doesn't scan this image: scanning on push is off for the repository."
_POLL = wait_fixed(4) + wait_random(0, 2)

Page = Mapping[str, Any]


def wait_for_findings(
    access: AwsAccess,
    repository: str,
    digest: str,
    architecture: str,
    *,
    limit: float = 300,
    poll: wait_base = _POLL,
) -> ScanResult:
    """Return what ECR found in an image, once its scan ended; at most ``limit`` seconds.

    ECR scans no index: of one, the findings are those of its image for ``architecture`` (amd64, arm64).
    A scan that is off, unsupported, failed or not done in time gives a result that says why there is none.

    Raises:
        RegistryError: the registry hands out no manifest of it.
        AwsError: the call failed for another reason.
    """
    image = find_platform_image(access, repository, digest, architecture)
    if image is None:
        why = f"{digest} is an index without an image for linux/{architecture}, which the tasks run on."
        return ScanResult(unavailable=why)
    client = access.client("ecr")
    pages = client.get_paginator("describe_image_scan_findings")

    def ask() -> ScanResult | None:
        with calling(f"Reading the scan findings of {image}"):
            try:
                return read_findings(
                    pages.paginate(repositoryName=repository, imageId={"imageDigest": image})
                )
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


def read_findings(pages: Iterable[Page]) -> ScanResult | None:
    """Read every page; None while the scan runs."""
    findings: list[Vulnerability] = []
    for page in pages:
        status = page.get("imageScanStatus", {})
        code = str(status.get("status", ""))
        if code in _PENDING:
            return None
        if code not in _READY:
            why = status.get("description", "no reason")
            return ScanResult(unavailable=f"ECR's scan ended as {code}: {why}")
        findings += _of_page(page)
    return ScanResult(tuple(findings))


def _of_page(page: Page) -> list[Vulnerability]:
    found = page.get("imageScanFindings", {})
    return [
        *map(_basic, found.get("findings", [])),
        *(finding for item in found.get("enhancedFindings", []) for finding in _enhanced(item)),
    ]


def _basic(item: Mapping[str, Any]) -> Vulnerability:
    about = {attribute["key"]: attribute.get("value", "") for attribute in item.get("attributes", [])}
    return Vulnerability(
        name=str(item.get("name", "")),
        severity=normal_severity(str(item.get("severity", ""))),
        package=about.get("package_name", ""),
        version=about.get("package_version", ""),
        uri=str(item.get("uri", "")),
    )


def _enhanced(item: Mapping[str, Any]) -> list[Vulnerability]:
    """One finding for each package that Amazon Inspector names."""
    details = item.get("packageVulnerabilityDetails", {})
    packages = details.get("vulnerablePackages") or [{}]
    return [
        Vulnerability(
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
