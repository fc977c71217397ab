"""Facts of an environment, in our own types; each answer may be Unread. Times are aware UTC."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network
from typing import Any

from pipeline.certificate.model import CertificateVerdict
from pipeline.delivery.model import Alarm, TaskEvidence
from pipeline.diagnosis.model import Unread
from pipeline.ecs.model import Service, Target, Task
from pipeline.environment.model import Environment
from pipeline.health.model import ProbeReport
from pipeline.outputs import Outputs
from pipeline.release.model import ReleaseRecord, Rollout
from pipeline.secrets.change import KeyReport

WORLD = "0.0.0.0/0"
_ANY = "-1"


@dataclass(frozen=True)
class Rule:
    """One permission of a security group; ports are None for every port."""

    protocol: str
    first: int | None
    last: int | None
    groups: tuple[str, ...] = ()
    ranges: tuple[str, ...] = ()
    prefix_lists: tuple[str, ...] = ()

    def covers(self, port: int) -> bool:
        """Whether TCP traffic to the port is meant."""
        if self.protocol == _ANY:
            return True
        return self.protocol in ("tcp", "6") and (self.first or 0) <= port <= (
            self.last if self.last is not None else 65535
        )


@dataclass(frozen=True)
class Peer:
    """The other side of a connection: its security groups and the ranges of its subnets."""

    groups: tuple[str, ...] = ()
    ranges: tuple[str, ...] = ()


@dataclass(frozen=True)
class SecurityGroup:
    """A security group with its rules."""

    id: str
    name: str
    inbound: tuple[Rule, ...]
    outbound: tuple[Rule, ...]


@dataclass(frozen=True)
class Listener:
    """Port and protocol on which a load balancer listens."""

    port: int
    protocol: str


@dataclass(frozen=True)
class Destination:
    """Something that the tasks call: an endpoint of the VPC, or the file system."""

    name: str
    port: int
    groups: tuple[SecurityGroup, ...]
    ranges: tuple[str, ...] = ()


@dataclass(frozen=True)
class Security:
    """Both ends of every connection, with the rules that let it through."""

    balancer: tuple[SecurityGroup, ...]
    balancer_ranges: tuple[str, ...]
    listeners: tuple[Listener, ...]
    tasks: tuple[SecurityGroup, ...]
    task_ranges: tuple[str, ...]
    destinations: tuple[Destination, ...]


@dataclass(frozen=True)
class Route:
    """Default route of a subnet."""

    subnet: str
    zone: str
    gateway: str
    """Id of what the default route leads to; "" without a default route."""
    state: str
    """active or blackhole."""
    gateway_state: str
    """State of a NAT gateway; "" for anything else."""


@dataclass(frozen=True)
class FileSystem:
    """The mounted file system: its mount targets by availability zone, with their state."""

    id: str
    mounts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Network:
    """Routes and endpoints by which the tasks' subnets reach AWS."""

    routes: tuple[Route, ...]
    endpoints: tuple[tuple[str, str], ...]
    """Last part of each endpoint's service name (``ecr.dkr``, ``s3``) and its state."""
    public_addresses: bool
    """Whether tasks get public addresses."""
    file_systems: tuple[FileSystem, ...]


def admits(rules: tuple[Rule, ...], port: int, peer: Peer) -> bool:
    """Whether one of the rules lets the peer through on the port."""
    return any(rule.covers(port) and _meets(rule, peer) for rule in rules)


def inbound(groups: tuple[SecurityGroup, ...]) -> tuple[Rule, ...]:
    """Return the rules of all groups together, as AWS applies them."""
    return tuple(rule for group in groups for rule in group.inbound)


def outbound(groups: tuple[SecurityGroup, ...]) -> tuple[Rule, ...]:
    """Return the rules of all groups together, as AWS applies them."""
    return tuple(rule for group in groups for rule in group.outbound)


def _meets(rule: Rule, peer: Peer) -> bool:
    if set(rule.groups) & set(peer.groups):
        return True
    return bool(peer.ranges) and all(
        any(_within(inner, outer) for outer in rule.ranges) for inner in peer.ranges
    )


def _within(inner: str, outer: str) -> bool:
    small, large = ip_network(inner, strict=False), ip_network(outer, strict=False)
    return small.version == large.version and small.subnet_of(large)  # type: ignore[arg-type]


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
    """Subject and period of a diagnosis."""

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
    """Tasks of the application: the service's, smoke tests and one-off ones, newest first."""

    running: tuple[Task, ...]
    stopped: tuple[Task, ...]
    """What ECS still remembers (about an hour), not older than asked for."""
    evidence: tuple[TaskEvidence, ...]
    """Reasons and last log lines of the newest that failed, or of those that run where none did."""


@dataclass(frozen=True)
class TargetGroup:
    """Health check of a target group."""

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
class LiveImage:
    """The image of the live revision."""

    reference: str
    in_registry: bool


@dataclass(frozen=True)
class ResolvedNames:
    """Addresses that names lead to."""

    domain: tuple[str, ...]
    load_balancer: tuple[str, ...]


@dataclass(frozen=True)
class Releases:
    """Release records of the pipeline."""

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
    probes: tuple[ProbeReport, ...] | Unread
    security: Security | Unread
    network: Network | Unread
    image: LiveImage | Unread
    scaling: Scaling | Unread
    usage: dict[str, Usage] | Unread
    """By CloudWatch metric; one without data is absent."""
    certificate: CertificateVerdict | Unread | None
    alarms: tuple[Alarm, ...] | Unread
    names: ResolvedNames | Unread | None
    releases: Releases | Unread
