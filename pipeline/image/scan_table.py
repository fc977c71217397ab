"""Shows a scan's findings and what was decided on each, as the rows of a table. Pure."""

from pipeline.image.scan import Finding, ScanResult, ScanVerdict


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
