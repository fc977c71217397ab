"""How the service scales, in our own types."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Policy:
    """A scaling policy; ``target`` is None where it does not track a value."""

    name: str
    metric: str
    target: float | None


@dataclass(frozen=True)
class Activity:
    """Something that auto scaling did or tried."""

    at: datetime
    description: str
    status: str
    message: str


@dataclass(frozen=True)
class Usage:
    """Percent of what the tasks reserve, since the diagnosis' beginning."""

    average: float
    highest: float
    latest: float


@dataclass(frozen=True)
class Scaling:
    """Bounds, policies and what came of them; bounds are None where nothing is registered."""

    bounds: tuple[int, int] | None
    suspended: tuple[str, ...]
    policies: tuple[Policy, ...]
    activities: tuple[Activity, ...]
