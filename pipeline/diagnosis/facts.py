"""What was read of an environment, in our own types; each answer may be Unread. Times are aware UTC."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipeline.certificate.model import CertificateVerdict
from pipeline.delivery.model import Alarm, TaskEvidence
from pipeline.diagnosis.model import Unread
from pipeline.diagnosis.network import Network, Security
from pipeline.ecs.model import Service, Target, Task
from pipeline.environment.model import Environment
from pipeline.health.model import ProbeReport
from pipeline.outputs import Outputs
from pipeline.release.model import ReleaseRecord, Rollout
from pipeline.secrets.keys import KeyReport


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


@dataclass(frozen=True)
class Subject:
    """What is diagnosed, and since when."""

    environment: Environment
    outputs: Outputs
    now: datetime
    since: datetime
    patience: float = 6.0
    """Seconds that the health path has for good answers."""


@dataclass(frozen=True)
class Definitions:
    """Task definitions as DescribeTaskDefinition answers them."""

    live: Mapping[str, Any]
    template: Mapping[str, Any] | None
    """Terraform's own revision; None where the outputs name none."""


@dataclass(frozen=True)
class Tasks:
    """Tasks of the application: the service's, trials and one-off ones, newest first."""

    running: tuple[Task, ...]
    stopped: tuple[Task, ...]
    """What ECS still remembers (about an hour), not older than asked for."""
    evidence: tuple[TaskEvidence, ...]
    """Reasons and last log lines of the newest that failed, or of those that run where none did."""


@dataclass(frozen=True)
class TargetGroup:
    """How a target group asks for health."""

    name: str
    port: int
    path: str
    health_port: str
    matcher: str
    timeout: int
    """Seconds."""
    interval: int
    """Seconds."""


@dataclass(frozen=True)
class Balancing:
    """Target groups and the health of their targets."""

    groups: tuple[TargetGroup, ...]
    targets: tuple[Target, ...]


@dataclass(frozen=True)
class Image:
    """The image of the live revision."""

    reference: str
    in_registry: bool


@dataclass(frozen=True)
class Names:
    """Addresses that names lead to."""

    domain: tuple[str, ...]
    load_balancer: tuple[str, ...]


@dataclass(frozen=True)
class Releases:
    """What the pipeline wrote down."""

    records: tuple[ReleaseRecord, ...]
    """Newest first."""
    opened: Rollout | None


@dataclass(frozen=True)
class Facts:
    """Everything that was read. None: the environment has no such thing."""

    subject: Subject
    service: Service | Unread | None
    definitions: Definitions | Unread
    tasks: Tasks | Unread
    secrets: KeyReport | Unread
    balancing: Balancing | Unread
    probe: ProbeReport | Unread
    security: Security | Unread
    network: Network | Unread
    image: Image | Unread
    scaling: Scaling | Unread
    usage: dict[str, Usage] | Unread
    """By CloudWatch metric; one without data is absent."""
    certificate: CertificateVerdict | Unread | None
    alarms: tuple[Alarm, ...] | Unread
    names: Names | Unread | None
    releases: Releases | Unread
