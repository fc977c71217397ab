"""Who may talk to whom: security groups, routes and endpoints, in our own types. Pure."""

from dataclasses import dataclass
from ipaddress import ip_network

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
    """Where a load balancer listens."""

    port: int
    protocol: str


@dataclass(frozen=True)
class Door:
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
    doors: tuple[Door, ...]


@dataclass(frozen=True)
class Route:
    """Where a subnet's packets for the internet go."""

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
    """How the tasks' subnets reach AWS."""

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
