"""Waiting for a scan, with an ECR made of answers."""

from typing import Any, cast

import pytest
from botocore.exceptions import ClientError
from tenacity import wait_fixed, wait_none

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import AwsError
from pipeline.image.scan import ScanResult, Vulnerability, wait_for_findings

_RUNNING = {"imageScanStatus": {"status": "IN_PROGRESS"}}
_COMPLETE = {
    "imageScanStatus": {"status": "COMPLETE"},
    "imageScanFindings": {"findings": [{"name": "CVE-1", "severity": "LOW"}]},
}


class _Ecr:
    """Gives one answer after the other, the last one for ever; a text is an error code."""

    def __init__(self, *answers: Any, frequency: str = "SCAN_ON_PUSH") -> None:
        self.answers = list(answers)
        self.frequency = frequency
        self.asked = 0

    def client(self, service: str) -> Any:
        assert service == "ecr"
        return self

    def get_paginator(self, operation: str) -> Any:
        assert operation == "describe_image_scan_findings"
        return self

    def paginate(self, **request: Any) -> Any:
        assert request == {"repositoryName": "demo", "imageId": {"imageDigest": "sha256:1"}}
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, str):
            raise ClientError({"Error": {"Code": answer}}, "DescribeImageScanFindings")
        return [answer]

    def batch_get_repository_scanning_configuration(self, repositoryNames: list[str]) -> Any:  # noqa: N803 (AWS's name)
        assert repositoryNames == ["demo"]
        return {"scanningConfigurations": [{"scanFrequency": self.frequency}]}


def _wait(ecr: _Ecr, limit: float = 60, poll: Any = None) -> ScanResult:
    access = cast("AwsAccess", ecr)
    return wait_for_findings(access, "demo", "sha256:1", limit=limit, poll=poll or wait_none())


def test_waits_for_the_scan() -> None:
    """A scan that hasn't begun, then runs, is waited for."""
    ecr = _Ecr("ScanNotFoundException", _RUNNING, _RUNNING, _COMPLETE)
    assert _wait(ecr) == ScanResult((Vulnerability("CVE-1", "LOW"),))
    assert ecr.asked == 4


@pytest.mark.parametrize(
    ("code", "frequency", "reason"),
    [("ScanNotFoundException", "MANUAL", "is off"), ("InvalidAction", "SCAN_ON_PUSH", "no image scanning")],
)
def test_no_scan_will_come(code: str, frequency: str, reason: str) -> None:
    """Where none will come nobody waits."""
    ecr = _Ecr(code, frequency=frequency)
    assert reason in _wait(ecr).unavailable
    assert ecr.asked == 1


def test_late() -> None:
    """A scan that doesn't end in time gives no result, and says so."""
    assert "was not done within" in _wait(_Ecr(_RUNNING), limit=0.05, poll=wait_fixed(0.02)).unavailable


def test_denied() -> None:
    """Missing permission is an error, not a missing scan."""
    with pytest.raises(AwsError, match="lacks this permission"):
        _wait(_Ecr("AccessDeniedException"))
