"""Waiting for a scan, with an ECR made of answers."""

import json
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


_IMAGE: dict[str, Any] = {"config": {"digest": "sha256:c"}, "layers": []}
_INDEX: dict[str, Any] = {
    "manifests": [
        {"digest": "sha256:a", "platform": {"os": "unknown", "architecture": "unknown"}},
        {"digest": "sha256:w", "platform": {"os": "windows", "architecture": "amd64"}},
        {"digest": "sha256:8", "platform": {"os": "linux", "architecture": "arm64", "variant": "v8"}},
        {"digest": "sha256:6", "platform": {"os": "linux", "architecture": "amd64"}},
    ]
}


class _Ecr:
    """Gives one answer after the other, the last one for ever; a text is an error code."""

    def __init__(
        self, *answers: Any, frequency: str = "SCAN_ON_PUSH", manifest: dict[str, Any] = _IMAGE
    ) -> None:
        self.answers = list(answers)
        self.manifest = manifest
        self.frequency = frequency
        self.asked = list[str]()

    def client(self, service: str) -> Any:
        assert service == "ecr"
        return self

    def get_paginator(self, operation: str) -> Any:
        assert operation == "describe_image_scan_findings"
        return self

    def paginate(self, **request: Any) -> Any:
        assert request["repositoryName"] == "demo"
        self.asked.append(request["imageId"]["imageDigest"])
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, str):
            raise ClientError({"Error": {"Code": answer}}, "DescribeImageScanFindings")
        return [answer]

    def batch_get_image(self, repositoryName: str, imageIds: Any) -> Any:  # noqa: N803 (AWS's name)
        assert (repositoryName, imageIds) == ("demo", [{"imageDigest": "sha256:1"}])
        return {"images": [{"imageManifest": json.dumps(self.manifest)}]}

    def batch_get_repository_scanning_configuration(self, repositoryNames: list[str]) -> Any:  # noqa: N803 (AWS's name)
        assert repositoryNames == ["demo"]
        return {"scanningConfigurations": [{"scanFrequency": self.frequency}]}


def _wait(ecr: _Ecr, limit: float = 60, poll: Any = None, architecture: str = "amd64") -> ScanResult:
    access = cast("AwsAccess", ecr)
    return wait_for_findings(access, "demo", "sha256:1", architecture, limit=limit, poll=poll or wait_none())


def test_waits_for_the_scan() -> None:
    """A scan that hasn't begun, then runs, is waited for."""
    ecr = _Ecr("ScanNotFoundException", _RUNNING, _RUNNING, _COMPLETE)
    assert _wait(ecr) == ScanResult((Vulnerability("CVE-1", "LOW"),))
    assert ecr.asked == ["sha256:1"] * 4


@pytest.mark.parametrize(
    ("code", "frequency", "reason"),
    [("ScanNotFoundException", "MANUAL", "is off"), ("InvalidAction", "SCAN_ON_PUSH", "no image scanning")],
)
def test_no_scan_will_come(code: str, frequency: str, reason: str) -> None:
    """Where none will come nobody waits."""
    ecr = _Ecr(code, frequency=frequency)
    assert reason in _wait(ecr).unavailable
    assert len(ecr.asked) == 1


@pytest.mark.parametrize(("architecture", "image"), [("amd64", "sha256:6"), ("arm64", "sha256:8")])
def test_an_index_is_scanned_by_its_image(architecture: str, image: str) -> None:
    """ECR scans no index; its image for the tasks' platform is asked about, no attestation and no Windows."""
    ecr = _Ecr(_COMPLETE, manifest=_INDEX)
    assert _wait(ecr, architecture=architecture) == ScanResult((Vulnerability("CVE-1", "LOW"),))
    assert ecr.asked == [image]


@pytest.mark.parametrize("manifest", [_INDEX, {"manifests": _INDEX["manifests"][:1]}, {"manifests": []}])
def test_an_index_without_an_image_for_the_tasks(manifest: dict[str, Any]) -> None:
    """It has no scan to wait for, and that is said."""
    ecr = _Ecr(_COMPLETE, manifest=manifest)
    assert "an index without an image for linux/s390x" in _wait(ecr, architecture="s390x").unavailable
    assert ecr.asked == []


def test_late() -> None:
    """A scan that doesn't end in time gives no result, and says so."""
    assert "was not done within" in _wait(_Ecr(_RUNNING), limit=0.05, poll=wait_fixed(0.02)).unavailable


def test_denied() -> None:
    """Missing permission is an error, not a missing scan."""
    with pytest.raises(AwsError, match="lacks this permission"):
        _wait(_Ecr("AccessDeniedException"))
