"""Puts the findings of every topic together. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

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
