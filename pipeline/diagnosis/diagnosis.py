"""Puts the findings of every topic together, and tells them as a page. Pure."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from pipeline.delivery.model import TaskEvidence
from pipeline.diagnosis.causes import Cause, likely_causes
from pipeline.diagnosis.facts import Facts, Tasks
from pipeline.diagnosis.judge_network import judge_routes, judge_security, judge_volumes
from pipeline.diagnosis.judge_scaling import judge_metrics, judge_scaling
from pipeline.diagnosis.judge_service import (
    judge_container_health,
    judge_events,
    judge_logs,
    judge_releases,
    judge_rollouts,
    judge_service,
    judge_stopped,
    steady,
)
from pipeline.diagnosis.judge_settings import (
    judge_alarms,
    judge_answer,
    judge_certificate,
    judge_groups,
    judge_image,
    judge_names,
    judge_secrets,
    judge_targets,
    judge_variables,
)
from pipeline.diagnosis.model import Finding
from pipeline.log_cause import as_markdown, collapse
from pipeline.preflight.model import CheckStatus

JUDGES: tuple[Callable[[Facts], Iterator[Finding]], ...] = (
    judge_service,
    judge_rollouts,
    judge_stopped,
    judge_logs,
    judge_variables,
    judge_secrets,
    judge_image,
    judge_container_health,
    judge_groups,
    judge_targets,
    judge_answer,
    judge_security,
    judge_routes,
    judge_volumes,
    judge_metrics,
    judge_scaling,
    judge_events,
    judge_certificate,
    judge_names,
    judge_alarms,
    judge_releases,
)


@dataclass(frozen=True)
class Diagnosis:
    """Everything that was found, and what it likely comes from."""

    environment: str
    since: datetime
    at: datetime
    steady: bool
    findings: tuple[Finding, ...]
    causes: tuple[Cause, ...]
    logs: tuple[TaskEvidence, ...]

    @property
    def headline(self) -> str:
        """The likeliest cause in one line."""
        if not self.causes:
            return "Nothing wrong was found."
        first = self.causes[0]
        when = "Over by now: " if first.past else ""
        return f"{when}{first.advice.means} {first.evidence[0].reason}"


def diagnose(facts: Facts) -> Diagnosis:
    """Judge everything that was read."""
    findings = tuple(finding for judge in JUDGES for finding in judge(facts))
    logs = facts.tasks.evidence if isinstance(facts.tasks, Tasks) else ()
    subject = facts.subject
    return Diagnosis(
        environment=subject.environment.name,
        since=subject.since,
        at=subject.now,
        steady=steady(facts),
        findings=findings,
        causes=likely_causes(findings),
        logs=logs,
    )


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

    status: CheckStatus
    over: bool = False
    """Whether all that was wrong is over."""


def answered(findings: Iterable[Finding]) -> dict[str, Answer]:
    """Return the answer to each line: NG where anything is or was wrong, SKIP where nothing could be told."""
    found = list(findings)
    return {line: _worst([item for item in found if item.topic in topics]) for line, topics in GUIDE.items()}


def _worst(findings: list[Finding]) -> Answer:
    bad = [item for item in findings if item.status is CheckStatus.NG]
    if bad:
        return Answer(CheckStatus.NG, over=all(item.past for item in bad))
    well = any(item.status is CheckStatus.OK for item in findings)
    return Answer(CheckStatus.OK if well else CheckStatus.SKIP)


_SIGNS = {CheckStatus.OK: "OK", CheckStatus.NG: "**NG**", CheckStatus.SKIP: "SKIP"}
_CAUSES = 6
_EVIDENCE = 3
_LINES = 20


def to_markdown(found: Diagnosis) -> str:
    """Return the whole page."""
    return "\n".join([*_head(found), *_causes(found), *_guide(found), *_findings(found), *_logs(found.logs)])


def command(flow: str, environment: str) -> str:
    """Return the command that starts a flow and follows it."""
    return f"vimbiso run {flow} {environment}"


def _head(found: Diagnosis) -> Iterator[str]:
    yield f"# {found.environment} {_state(found)}"
    yield ""
    yield f"Looked at {found.at:%Y-%m-%d %H:%M} UTC, back to {found.since:%Y-%m-%d %H:%M}."
    yield ""


def _state(found: Diagnosis) -> str:
    if not found.steady:
        return "is not well"
    if all(cause.past for cause in found.causes):
        return "is well: what is wanted runs and is healthy"
    return "runs, but not everything is as it should be"


def _causes(found: Diagnosis) -> Iterator[str]:
    yield "## Likely causes"
    yield ""
    if not found.causes:
        yield "None: nothing wrong was found."
    for place, cause in enumerate(found.causes[:_CAUSES], start=1):
        yield from _cause(place, cause, found.environment)
    if len(found.causes) > _CAUSES:
        yield f"{len(found.causes) - _CAUSES} more follow from these, or are lesser: they stand below."
    yield ""


def _cause(place: int, cause: Cause, environment: str) -> Iterator[str]:
    yield f"### {place}. {cause.advice.means}{' (over by now)' if cause.past else ''}"
    yield ""
    for item in cause.evidence[:_EVIDENCE]:
        yield f"- {item.topic}, {_plain(item.subject)}: {_plain(item.reason)}"
    if len(cause.evidence) > _EVIDENCE:
        yield f"- and {len(cause.evidence) - _EVIDENCE} more"
    yield ""
    yield f"**{'Before that is deployed again' if cause.past else 'Next'}:** {cause.advice.do}"
    yield ""
    if cause.advice.flows and not cause.past:
        yield "```"
        yield from (command(flow, environment) for flow in cause.advice.flows)
        yield "```"
        yield ""


def _guide(found: Diagnosis) -> Iterator[str]:
    yield "## The guide's list"
    yield ""
    yield "| question | answer | see |"
    yield "|---|---|---|"
    for line, answer in answered(found.findings).items():
        yield f"| {line} | {_sign(answer.status, over=answer.over)} | {', '.join(GUIDE[line])} |"
    yield ""


def _findings(found: Diagnosis) -> Iterator[str]:
    """Yield a list of each topic: reasons are too long for a table's cells, which the UI does not wrap."""
    yield "## Everything that was looked at"
    yield ""
    for topic, items in groupby(found.findings, key=lambda item: item.topic):
        yield f"**{topic}**"
        yield ""
        for item in items:
            sign = _sign(item.status, over=item.past)
            yield f"- {sign} {_plain(item.subject)}: {_plain(item.reason)}"
        yield ""


def _sign(status: CheckStatus, *, over: bool) -> str:
    return f"{_SIGNS[status]} (over)" if over else _SIGNS[status]


def _logs(logs: tuple[TaskEvidence, ...]) -> Iterator[str]:
    if logs:
        yield "## Last log lines"
        yield ""
    for item in logs:
        yield f"Task `{item.task}`: {_plain(item.reason)}"
        yield ""
        for container, lines in item.logs.items():
            yield f"```\n{container}"
            yield from (
                f"  {line.replace('```', '')}" for line in collapse(lines)[-_LINES:] or ["wrote nothing"]
            )
            yield "```"
            yield ""


def _plain(text: str) -> str:
    """Return text on one line, without markup."""
    return as_markdown(" ".join(text.split()))
