"""The guide's troubleshooting chapter, line by line, and the topics that answer each. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.diagnosis.model import Finding
from pipeline.preflight.model import Status

GUIDE: dict[str, tuple[str, ...]] = {
    "Check ECS task logs in CloudWatch": ("stopped tasks", "logs"),
    "Verify environment variables": ("environment variables", "secrets"),
    "Check container health check": ("container health check",),
    "Verify security group rules": ("security groups", "way to AWS", "volume"),
    "Verify /health/ endpoint is responding": ("health path", "targets"),
    "Check ALB target group settings": ("target groups",),
    "Review security group rules": ("security groups",),
    "Review CloudWatch metrics": ("metrics", "alarms"),
    "Check scaling policy thresholds": ("auto scaling",),
    "Verify ECS service configuration": ("service", "rollout", "image"),
    "Revert to previous image": ("releases",),
}
"""What the guide calls health, answered for environments of any health path."""


@dataclass(frozen=True)
class Answer:
    """The answer to one line."""

    status: Status
    over: bool = False
    """Whether all that was wrong is over."""


def answered(findings: Iterable[Finding]) -> dict[str, Answer]:
    """Return the answer to each line: NG where anything is or was wrong, SKIP where nothing could be told."""
    found = list(findings)
    return {line: _worst([item for item in found if item.topic in topics]) for line, topics in GUIDE.items()}


def _worst(findings: list[Finding]) -> Answer:
    bad = [item for item in findings if item.status is Status.NG]
    if bad:
        return Answer(Status.NG, over=all(item.past for item in bad))
    well = any(item.status is Status.OK for item in findings)
    return Answer(Status.OK if well else Status.SKIP)
