"""Inputs and findings of a delivery. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from pipeline.ecs.model import EcsError, Outcome, Service
from pipeline.environment.model import Environment
from pipeline.errors import PipelineError
from pipeline.health.codes import HealthCodes
from pipeline.health.model import Probe
from pipeline.log_cause import advise, collapse, find_cause, find_error
from pipeline.outputs import Outputs
from pipeline.release.model import ReleaseRecord, Rollout


def choose_restart(
    service: Service,
    written: datetime | None,
    records: Iterable[ReleaseRecord],
    opened: Rollout | None = None,
) -> ReleaseRecord | None:
    """Return the release to start again, or None where all tasks began after the values were ``written``.

    What counts is when PRIMARY began: a run that was killed after writing is made good by the next one, and
    one that is repeated restarts nothing. A restart that is ``opened`` and has these values is one whose run
    was killed: it is not proven yet. ``records`` come newest first.

    Raises:
        EcsError: a rollout is under way.
        PipelineError: no recorded good release runs, so nothing says what would be proven.
    """
    primary = service.primary
    if primary is None or service.desired == 0 or written is None:
        return None
    has_values = primary.created_at > written
    unproven = opened is not None and opened.kind == "restart" and opened.primary_before != primary.id
    if has_values and not unproven:
        return None
    if primary.rollout_state == "IN_PROGRESS" and not has_values:
        raise EcsError(
            f"Deployment {primary.id} is rolling out since before the values were written. The values are in "
            "Secrets Manager; run sync-secrets with restart again when the rollout has ended."
        )
    for record in records:
        if record.outcome.good and record.task_definition == primary.task_definition:
            return record
    raise PipelineError(
        f"{primary.task_definition} is not a release that was recorded as good, so it is not restarted. "
        "The values are in Secrets Manager; run deploy-application to put them into use."
    )


def probe_of(environment: Environment, outputs: Outputs, release: str | None) -> Probe:
    """Return what to ask the load balancer; ``release`` is what the answer must name."""
    base, host = environment.probe_url or outputs.url, None
    if environment.probe_url:
        host = outputs.load_balancer_dns
    elif not outputs.domain_points_here:
        base, host = f"https://{outputs.load_balancer_dns}", urlsplit(outputs.url).hostname
    return Probe(
        url=f"{base}{environment.health_path}",
        host=host,
        release=release,
        codes=environment.accepted_codes,
        place=page_of(environment, outputs) if host else "",
    )


def probes_of(health: Probe, environment: Environment) -> tuple[Probe, ...]:
    """Return the question to the health path, and behind it one to each smoke path at the same address."""
    base = health.url.removesuffix(environment.health_path)
    return (
        health,
        *(
            replace(
                health,
                url=f"{base}{item.path}",
                codes=HealthCodes.parse(item.codes),
                text=item.text,
                slowest=item.seconds,
                timeout=item.seconds + 1,
                in_a_row=2,
                window=_PAGES_WINDOW,
            )
            for item in environment.smoke_paths
        ),
    )


_PAGES_WINDOW = 20.0
"""Seconds in which a smoke path must answer well: whoever answers it is healthy already."""


def page_of(environment: Environment, outputs: Outputs) -> str:
    """Return where a browser finds the application.

    An emulator answers for its load balancers' names below its own: NAME.alb.localhost, which is loopback.
    """
    if environment.probe_url is None:
        return outputs.url
    name = outputs.load_balancer_arn.split("/")[-2]
    scheme, _, place = environment.probe_url.partition("://")
    return f"{scheme}://{name}.alb.{place}"


@dataclass(frozen=True)
class TaskEvidence:
    """Reason of one task's stop, and the last lines of each of its containers."""

    task: str
    reason: str
    logs: dict[str, tuple[str, ...]]

    @property
    def cause(self) -> str:
        """Error that its containers wrote, or the last words of one that exited with an error; else ""."""
        ended = (find_cause(lines) for name, lines in self.logs.items() if self._exited(name))
        errors = (find_error(lines) for lines in self.logs.values())
        return next(filter(None, (*ended, *errors)), "")

    @property
    def headline(self) -> str:
        """Cause and reason in a line."""
        return f"{self.cause} ({self.reason})" if self.cause else self.reason

    def _exited(self, container: str) -> bool:
        return f"container {container} exited with" in self.reason and "OutOfMemory" not in self.reason


_STATE = re.compile(r"[A-Z]+, health [A-Z]+")
"""What is told of a task that has not failed."""


@dataclass(frozen=True)
class Evidence:
    """Everything that speaks for the cause of a failed rollout."""

    tasks: tuple[TaskEvidence, ...]
    targets: tuple[str, ...]
    events: tuple[str, ...]
    gaps: tuple[str, ...]
    """What could not be collected, and why."""
    alarms: tuple[str, ...] = ()
    """Alarms for which ECS took the deployment back."""

    @property
    def headline(self) -> str:
        """The likeliest reason, or ""; the state of a task that has not failed is none."""
        reasons = [item.headline for item in self.tasks if item.cause or not _STATE.fullmatch(item.reason)]
        alarms = [f"In alarm: {', '.join(self.alarms)}"] if self.alarms else []
        return next(iter(reasons + alarms + list(self.targets)), "")

    def lines(self) -> list[str]:
        """Return all of it as lines of text."""
        found = []
        for item in self.tasks:
            found.append(f"Task {item.task}: {item.headline}")
            for name, lines in item.logs.items():
                found += [f"  {name} | {line}" for line in collapse(lines)] or [f"  {name} wrote nothing"]
        found += [f"Alarm {name} ended the deployment" for name in self.alarms]
        found += [f"Target {line}" for line in self.targets]
        found += [f"Event {line}" for line in self.events]
        return found + [f"Not collected: {gap}" for gap in self.gaps]


def tell_failure(told: str, now: str, advice: str) -> str:
    """Return why a delivery failed in the first line, then what runs now, what to do next, and the rest.

    The remedy that belongs to the cause comes before the outcome's ``advice``.
    """
    cause, *rest = told.splitlines() or [""]
    remedy = advise(cause)
    return "\n".join(
        [
            cause,
            f"Runs now: {now}.",
            f"Next: {f'{remedy} ' if remedy else ''}{advice}",
            *(line for line in rest if line != remedy),
        ]
    )


@dataclass(frozen=True)
class GateSettings:
    """Time limits of the gates, in seconds."""

    window: float = 120.0
    """Within which every task must be healthy in every target group."""
    soak: float = 5.0
    interval: float = 1.0


@dataclass(frozen=True)
class Verification:
    """Result of the gates; ``outcome`` is SUCCEEDED, UNHEALTHY, SUPERSEDED or UNKNOWN."""

    outcome: Outcome
    message: str
    final: bool = False
    """Whether looking again is in vain."""


@dataclass(frozen=True)
class Alarm:
    """One metric alarm: ``since`` is when it came into its state."""

    name: str
    state: str
    """OK, ALARM or INSUFFICIENT_DATA."""
    since: datetime
    reason: str = ""
    """CloudWatch's own words on why it came into its state."""
