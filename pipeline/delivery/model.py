"""What a delivery looks at and finds. Pure."""

from dataclasses import dataclass
from datetime import datetime

from pipeline.ecs.outcome import Outcome
from pipeline.health.model import ProbeReport


@dataclass(frozen=True)
class TaskEvidence:
    """Why one task stopped, and the last lines that each of its containers wrote."""

    task: str
    reason: str
    logs: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Evidence:
    """Everything that speaks for the cause of a failed rollout."""

    tasks: tuple[TaskEvidence, ...]
    targets: tuple[str, ...]
    events: tuple[str, ...]
    gaps: tuple[str, ...]
    """What could not be collected, and why."""

    @property
    def headline(self) -> str:
        """The likeliest reason in one line, or ""."""
        reasons = [item.reason for item in self.tasks if item.reason]
        return next(iter(reasons + list(self.targets)), "")

    def lines(self) -> list[str]:
        """Return all of it as lines of text."""
        found = []
        for item in self.tasks:
            found.append(f"Task {item.task}: {item.reason}")
            found += [f"  {name} | {line}" for name, lines in item.logs.items() for line in lines]
        found += [f"Target {line}" for line in self.targets]
        found += [f"Event {line}" for line in self.events]
        return found + [f"Not collected: {gap}" for gap in self.gaps]


@dataclass(frozen=True)
class GateSettings:
    """How patient the gates are, in seconds."""

    window: float = 120.0
    """Within which every task must be healthy in every target group."""
    soak: float = 5.0
    interval: float = 1.0


@dataclass(frozen=True)
class Verification:
    """What the gates found; ``outcome`` is SUCCEEDED, UNHEALTHY, SUPERSEDED or UNKNOWN."""

    outcome: Outcome
    message: str
    probe: ProbeReport | None = None
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
