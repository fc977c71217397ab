"""Judges the ways: load balancer to tasks, tasks to volume and AWS. Pure."""

from collections.abc import Iterator

from pipeline.diagnosis.facts import (
    WORLD,
    Destination,
    Facts,
    FileSystem,
    Listener,
    Network,
    Peer,
    Route,
    Security,
    SecurityGroup,
    admits,
    inbound,
    outbound,
)
from pipeline.diagnosis.model import Fault, Finding, Topic, Unread

FIREWALL = Topic("security groups")
ROUTES = Topic("way to AWS")
VOLUME = Topic("volume")
NEEDED = ("ecr.api", "ecr.dkr", "s3", "logs", "secretsmanager")
"""Endpoints without which a task of a subnet without a way out does not start (Amazon ECR user guide,
"Interface VPC endpoints": S3 holds the layers; awslogs and secrets are the execution role's)."""
HTTPS = 443


def judge_security(facts: Facts) -> Iterator[Finding]:
    """Yield whether each side may talk to the other."""
    found = facts.security
    if isinstance(found, Unread):
        yield FIREWALL.skip("rules", found.reason)
        return
    port = facts.subject.outputs.container_port
    for listener in found.listeners:
        yield _public(found, listener)
    yield _to_tasks(found, port)
    yield _from_tasks(found)
    for destination in found.destinations:
        yield _destination(found, destination)


def _public(found: Security, listener: Listener) -> Finding:
    subject = f"clients to load balancer, {listener.port}"
    rules = [rule for rule in inbound(found.balancer) if rule.covers(listener.port)]
    if not rules:
        detail = f"{_names(found.balancer)} lets nobody in on {listener.port}"
        return FIREWALL.ng(subject, detail, Fault.PUBLIC_FIREWALL)
    sources = sorted(
        {source for rule in rules for source in (*rule.ranges, *rule.groups, *rule.prefix_lists)}
    )
    return FIREWALL.ok(subject, f"from {', '.join(sources)}")


def _to_tasks(found: Security, port: int) -> Finding:
    subject = f"load balancer to tasks, {port}"
    tasks = Peer(_ids(found.tasks), found.task_ranges)
    if not admits(outbound(found.balancer), port, tasks):
        detail = f"{_names(found.balancer)} has no outbound rule for {port} to {_names(found.tasks)}"
        return FIREWALL.ng(subject, detail, Fault.TASK_FIREWALL)
    if not admits(inbound(found.tasks), port, Peer(_ids(found.balancer), found.balancer_ranges)):
        detail = f"{_names(found.tasks)} has no inbound rule for {port} from {_names(found.balancer)}"
        return FIREWALL.ng(subject, detail, Fault.TASK_FIREWALL)
    return FIREWALL.ok(subject, "outbound and inbound rules allow it")


def _from_tasks(found: Security) -> Finding:
    subject = f"tasks to AWS, {HTTPS}"
    if admits(outbound(found.tasks), HTTPS, Peer(ranges=(WORLD,))):
        return FIREWALL.ok(subject, "to the world")
    destinations = [destination for destination in found.destinations if destination.port == HTTPS]
    open_ = [
        destination
        for destination in destinations
        if admits(outbound(found.tasks), HTTPS, _peer(destination))
    ]
    lists = any(rule.prefix_lists for rule in outbound(found.tasks) if rule.covers(HTTPS))
    if destinations and len(open_) == len(destinations) and lists:
        return FIREWALL.ok(subject, "to the VPC's endpoints and S3")
    detail = (
        f"{_names(found.tasks)} has no outbound rule for {HTTPS} to the world or to every endpoint and S3"
    )
    return FIREWALL.ng(subject, detail, Fault.OUTBOUND_FIREWALL)


def _destination(found: Security, destination: Destination) -> Finding:
    subject = f"tasks to {destination.name}, {destination.port}"
    if not destination.groups:
        return FIREWALL.skip(subject, "its security groups were not told")
    fault = Fault.ENDPOINT_FIREWALL if destination.port == HTTPS else Fault.VOLUME_FIREWALL
    if not admits(outbound(found.tasks), destination.port, _peer(destination)):
        return FIREWALL.ng(
            subject, f"{_names(found.tasks)} has no outbound rule for {destination.port} to it", fault
        )
    if not admits(inbound(destination.groups), destination.port, Peer(_ids(found.tasks), found.task_ranges)):
        groups = _names(destination.groups)
        detail = f"{groups} has no inbound rule for {destination.port} from {_names(found.tasks)}"
        return FIREWALL.ng(subject, detail, fault)
    return FIREWALL.ok(subject, "outbound and inbound rules allow it")


def judge_routes(facts: Facts) -> Iterator[Finding]:
    """Yield whether every subnet of the tasks reaches ECR, S3, CloudWatch Logs and Secrets Manager."""
    found = facts.network
    if isinstance(found, Unread):
        yield ROUTES.skip("routes", found.reason)
        return
    for route in found.routes:
        yield _route(found, route)


def _route(found: Network, route: Route) -> Finding:
    subject = f"{route.subnet} {route.zone}".rstrip()
    fault = _broken(route, public=found.public_addresses)
    if fault is None:
        return ROUTES.ok(subject, f"through {route.gateway}")
    available = {name for name, state in found.endpoints if state == "available"}
    missing = [name for name in NEEDED if name not in available]
    if not missing:
        return ROUTES.ok(subject, "through the VPC's endpoints")
    return ROUTES.ng(subject, f"{fault}, and no endpoint for {', '.join(missing)}", Fault.NO_ROUTE)


def _broken(route: Route, *, public: bool) -> str | None:
    """Return why the default route does not serve, or None where it does."""
    if not route.gateway:
        return "no default route"
    if route.state != "active":
        return f"the default route to {route.gateway} is a {route.state}"
    if route.gateway.startswith("nat-") and route.gateway_state != "available":
        return f"{route.gateway} is {route.gateway_state or 'gone'}"
    if route.gateway.startswith("igw-") and not public:
        return f"{route.gateway} serves public addresses only, and the tasks have none"
    return None


def judge_volumes(facts: Facts) -> Iterator[Finding]:
    """Yield whether every zone of the tasks has a mount target."""
    found = facts.network
    if isinstance(found, Unread):
        yield VOLUME.skip("file system", found.reason)
        return
    zones = {route.zone for route in found.routes}
    for system in found.file_systems:
        yield _mounts(system, zones)
    if not found.file_systems:
        yield VOLUME.skip("file system", "the task definition mounts none")


def _mounts(system: FileSystem, zones: set[str]) -> Finding:
    ready = {zone for zone, state in system.mounts if state == "available"}
    if zones - ready:
        detail = f"no available mount target in {', '.join(sorted(zones - ready))}"
        return VOLUME.ng(system.id, detail, Fault.VOLUME)
    return VOLUME.ok(system.id, f"mount targets available in {', '.join(sorted(ready))}")


def _peer(destination: Destination) -> Peer:
    return Peer(_ids(destination.groups), destination.ranges)


def _ids(groups: tuple[SecurityGroup, ...]) -> tuple[str, ...]:
    return tuple(group.id for group in groups)


def _names(groups: tuple[SecurityGroup, ...]) -> str:
    return ", ".join(f"{group.name} ({group.id})" for group in groups) or "no security group"
