"""The table of a scan."""

from datetime import date

from pipeline.environment.model import AllowedFinding, Scan
from pipeline.image.scan import ScanResult, Vulnerability, judge_scan, scan_rows

TODAY = date(2025, 3, 1)
GRAVE = Vulnerability("CVE-1", "CRITICAL", "openssl", "3.0", "https://cve.test/1")
KNOWN = Vulnerability("CVE-2", "CRITICAL")
SLIGHT = Vulnerability("CVE-3", "LOW")


def test_each_finding_has_its_own_result() -> None:
    """What blocks, what somebody allowed and what does not matter can be told apart."""
    result = ScanResult((GRAVE, KNOWN, SLIGHT))
    verdict = judge_scan(result, Scan(allow={"CVE-2": AllowedFinding(reason="not reachable")}), TODAY)
    rows = scan_rows(result, verdict)
    assert [(row["finding"], row["result"]) for row in rows] == [
        ("CVE-1", "BLOCKED"),
        ("CVE-2", "allowed"),
        ("CVE-3", "passed"),
    ]
    assert rows[0]["package"] == "openssl 3.0"


def test_no_result_says_why() -> None:
    """An image that nobody scanned is not shown as clean."""
    result = ScanResult(unavailable="scanning on push is off")
    rows = scan_rows(result, judge_scan(result, Scan(), TODAY))
    assert rows == [{"result": "SKIPPED", "finding": "none", "reason": "scanning on push is off"}]
