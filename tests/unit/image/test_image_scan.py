"""The scan gate."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.environment.model import AllowedFinding, Scan
from pipeline.image.scan import (
    SEVERITIES,
    ScanResult,
    Vulnerability,
    judge_scan,
    read_findings,
)

_TODAY = date(2026, 3, 1)
_CRITICAL = Vulnerability("CVE-1", "CRITICAL", "openssl")
_HIGH = Vulnerability("CVE-2", "HIGH", "zlib")
_ODD = Vulnerability("CVE-3", "UNTRIAGED")


@pytest.mark.parametrize(
    ("findings", "policy", "outcome", "blocking"),
    [
        ((), Scan(), "PASSED", ()),
        ((_HIGH, _ODD), Scan(block_at="CRITICAL"), "PASSED", ()),
        ((_HIGH, _CRITICAL), Scan(block_at="HIGH"), "BLOCKED", (_CRITICAL, _HIGH)),
        ((_ODD,), Scan(block_at="UNDEFINED"), "BLOCKED", (_ODD,)),
        ((_CRITICAL,), Scan(block_at=None), "PASSED", ()),
        ((_CRITICAL,), Scan(allow={"CVE-1": AllowedFinding(reason="not reachable")}), "PASSED", ()),
        ((_CRITICAL,), Scan(allow={"CVE-1": AllowedFinding(reason="x", until=_TODAY)}), "PASSED", ()),
        (
            (_CRITICAL,),
            Scan(allow={"CVE-1": AllowedFinding(reason="x", until=date(2026, 2, 28))}),
            "BLOCKED",
            (_CRITICAL,),
        ),
        ((_CRITICAL,), Scan(allow={"CVE-9": AllowedFinding(reason="another")}), "BLOCKED", (_CRITICAL,)),
    ],
)
def test_verdict(
    findings: tuple[Vulnerability, ...], policy: Scan, outcome: str, blocking: tuple[Vulnerability, ...]
) -> None:
    """Severity and the allow list decide, worst first; exceptions end on their day."""
    verdict = judge_scan(ScanResult(findings), policy, _TODAY)
    assert (outcome, blocking) == (verdict.outcome, verdict.blocking)


def test_unavailable() -> None:
    """No scan is never a pass: skipped and said so, or blocked where a result is demanded."""
    result = ScanResult(unavailable="off")
    assert judge_scan(result, Scan(), _TODAY).outcome == "SKIPPED"
    assert judge_scan(result, Scan(required=True), _TODAY).outcome == "BLOCKED"
    assert judge_scan(result, Scan(), _TODAY).reason == "off"


def test_counts() -> None:
    """Counts are by severity, worst first, without zeros."""
    verdict = judge_scan(ScanResult((_ODD, _HIGH, _CRITICAL, _HIGH)), Scan(block_at=None), _TODAY)
    assert list(verdict.counts.items()) == [("CRITICAL", 1), ("HIGH", 2), ("UNDEFINED", 1)]


_FINDINGS = st.lists(
    st.builds(Vulnerability, name=st.sampled_from(["A", "B", "C"]), severity=st.sampled_from(SEVERITIES))
)


@given(findings=_FINDINGS, allowed=st.sets(st.sampled_from(["A", "B", "C"])))
def test_stricter_never_lets_more_through(findings: list[Vulnerability], allowed: set[str]) -> None:
    """Whatever a lenient policy blocks, a stricter one blocks too; allowing more never blocks more."""
    allow = {name: AllowedFinding(reason="x") for name in allowed}
    blocked = [
        set(judge_scan(ScanResult(tuple(findings)), Scan(block_at=severity, allow=allow), _TODAY).blocking)
        for severity in SEVERITIES
    ]
    assert all(lenient <= stricter for lenient, stricter in pairwise(blocked))
    without = judge_scan(ScanResult(tuple(findings)), Scan(block_at="UNDEFINED"), _TODAY)
    assert blocked[-1] <= set(without.blocking)


def test_basic_findings_of_every_page() -> None:
    """All pages count; package and version come from the attributes."""
    item = {
        "name": "CVE-1",
        "severity": "HIGH",
        "uri": "u",
        "attributes": [{"key": "package_name", "value": "zlib"}, {"key": "package_version", "value": "1.2"}],
    }
    complete = {"imageScanStatus": {"status": "COMPLETE"}}
    result = read_findings(
        [
            {**complete, "imageScanFindings": {"findings": [item]}},
            {**complete, "imageScanFindings": {"findings": [{"name": "CVE-2", "severity": "?"}]}},
        ]
    )
    assert result == ScanResult(
        (Vulnerability("CVE-1", "HIGH", "zlib", "1.2", "u"), Vulnerability("CVE-2", "UNDEFINED"))
    )


def test_enhanced_findings() -> None:
    """Amazon Inspector's shape gives one finding for each package."""
    details = {
        "vulnerabilityId": "CVE-3",
        "vulnerablePackages": [{"name": "a", "version": "1"}, {"name": "b"}],
    }
    item = {"severity": "CRITICAL", "title": "t", "packageVulnerabilityDetails": details}
    page = {"imageScanStatus": {"status": "ACTIVE"}, "imageScanFindings": {"enhancedFindings": [item]}}
    expected = (Vulnerability("CVE-3", "CRITICAL", "a", "1"), Vulnerability("CVE-3", "CRITICAL", "b"))
    assert read_findings([page]) == ScanResult(expected)


@pytest.mark.parametrize("status", ["PENDING", "IN_PROGRESS"])
def test_running(status: str) -> None:
    """A scan that runs has no result yet."""
    assert read_findings([{"imageScanStatus": {"status": status}}]) is None


@pytest.mark.parametrize("status", ["FAILED", "UNSUPPORTED_IMAGE", "SCAN_ELIGIBILITY_EXPIRED", ""])
def test_ended_otherwise(status: str) -> None:
    """A scan that failed gives no findings and says why; it is not an empty list of findings."""
    result = read_findings([{"imageScanStatus": {"status": status, "description": "because"}}])
    assert result is not None
    assert "because" in result.unavailable
