"""Decides whether an image's vulnerabilities keep it from being deployed. No I/O."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL", "UNDEFINED")
"""ECR's severities, worst first (API reference, ImageScanFinding); UNTRIAGED counts as UNDEFINED."""
Severity = Literal["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL", "UNDEFINED"]


@dataclass(frozen=True)
class Finding:
    """One vulnerability in one package."""

    name: str
    """CVE or advisory."""
    severity: str
    package: str = ""
    version: str = ""
    uri: str = ""


@dataclass(frozen=True)
class ScanResult:
    """What the registry found; ``unavailable`` says why there is no result."""

    findings: tuple[Finding, ...] = ()
    unavailable: str = ""


@dataclass(frozen=True)
class Accepted:
    """A vulnerability that somebody took the responsibility for."""

    reason: str
    until: date | None = None
    """Last day on which it counts; for ever when absent."""


@dataclass(frozen=True)
class ScanPolicy:
    """What keeps an image from being deployed."""

    block: Severity | None = "CRITICAL"
    """This severity and worse; None blocks nothing."""
    allow: Mapping[str, Accepted] = field(default_factory=dict)
    """By CVE."""
    required: bool = False
    """Whether an image without a scan result is blocked."""


@dataclass(frozen=True)
class ScanVerdict:
    """The decision, and everything it rests on."""

    outcome: Literal["PASSED", "BLOCKED", "SKIPPED"]
    reason: str
    blocking: tuple[Finding, ...] = ()
    allowed: tuple[Finding, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    """Findings by severity, worst first."""


def judge_scan(result: ScanResult, policy: ScanPolicy, today: date) -> ScanVerdict:
    """Decide; without a scan result the image is SKIPPED with the reason, or BLOCKED, but never PASSED."""
    if result.unavailable:
        return ScanVerdict("BLOCKED" if policy.required else "SKIPPED", result.unavailable)
    counts = _counts(result.findings)
    grave = [finding for finding in _worst_first(result.findings) if _is_grave(finding, policy)]
    allowed = tuple(finding for finding in grave if _is_allowed(finding, policy, today))
    blocking = tuple(finding for finding in grave if finding not in allowed)
    if blocking:
        names = ", ".join(dict.fromkeys(finding.name for finding in blocking[:5]))
        more = f" and {len(blocking) - 5} more" if len(blocking) > 5 else ""
        reason = (
            f"{len(blocking)} finding(s) of severity {policy.block} or worse: {names}{more}. "
            "Update the packages, or allow them by name with a reason and a date."
        )
        return ScanVerdict("BLOCKED", reason, blocking, allowed, counts)
    return ScanVerdict("PASSED", _passed(policy, len(allowed)), (), allowed, counts)


def normal_severity(severity: str) -> str:
    """Return one of :data:`SEVERITIES`."""
    return severity if severity in SEVERITIES else "UNDEFINED"


def _counts(findings: Sequence[Finding]) -> dict[str, int]:
    counter = Counter(normal_severity(finding.severity) for finding in findings)
    return {severity: counter[severity] for severity in SEVERITIES if counter[severity]}


def _worst_first(findings: Sequence[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: (_rank(finding.severity), finding.name, finding.package))


def _rank(severity: str) -> int:
    return SEVERITIES.index(normal_severity(severity))


def _is_grave(finding: Finding, policy: ScanPolicy) -> bool:
    return policy.block is not None and _rank(finding.severity) <= _rank(policy.block)


def _is_allowed(finding: Finding, policy: ScanPolicy, today: date) -> bool:
    accepted = policy.allow.get(finding.name)
    return accepted is not None and (accepted.until is None or today <= accepted.until)


def _passed(policy: ScanPolicy, allowed: int) -> str:
    if policy.block is None:
        return "The policy blocks nothing."
    return f"Nothing of severity {policy.block} or worse" + (
        f", but for {allowed} allowed." if allowed else "."
    )


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


def _result(item: Finding, verdict: ScanVerdict) -> str:
    if item in verdict.blocking:
        return "BLOCKED"
    return "allowed" if item in verdict.allowed else "passed"
