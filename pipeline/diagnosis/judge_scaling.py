"""Judges auto scaling: metrics, thresholds, bounds and what it did. Pure."""

from collections.abc import Iterator

from pipeline.diagnosis.facts import Facts, Policy, Scaling, Usage
from pipeline.diagnosis.model import Fault, Finding, Topic, Unread
from pipeline.ecs.model import Service

METRICS = Topic("metrics")
SCALING = Topic("auto scaling")
_METRIC_OF = {
    "ECSServiceAverageCPUUtilization": "CPUUtilization",
    "ECSServiceAverageMemoryUtilization": "MemoryUtilization",
}
_FAILED = ("Failed", "Unfulfilled")


def judge_metrics(facts: Facts) -> Iterator[Finding]:
    """Yield the load of the service."""
    found = facts.usage
    if isinstance(found, Unread):
        yield METRICS.skip("CloudWatch", found.reason)
        return
    for name, usage in found.items():
        detail = f"{usage.latest:.0f} % now, {usage.average:.0f} % on average, {usage.highest:.0f} % at most"
        yield METRICS.ok(name, detail)
    if not found:
        yield METRICS.skip("CloudWatch", "no data of CPUUtilization and MemoryUtilization of late")


def judge_scaling(facts: Facts) -> Iterator[Finding]:
    """Yield whether bounds and policies let the service grow."""
    found = facts.scaling
    if isinstance(found, Unread):
        yield SCALING.skip("auto scaling", found.reason)
        return
    if found.bounds is None:
        yield SCALING.skip("bounds", "the service is not registered: its number of tasks stays")
        return
    yield _suspended(found)
    usage = {} if isinstance(facts.usage, Unread) else facts.usage
    yield _bounds(facts, found, found.bounds, usage)
    yield from _policies(found, usage)
    yield from _activities(found)


def _suspended(found: Scaling) -> Finding:
    if found.suspended:
        return SCALING.ng("state", f"suspended: {', '.join(found.suspended)}", Fault.SCALING_SUSPENDED)
    return SCALING.ok("state", "nothing is suspended")


def _bounds(facts: Facts, found: Scaling, bounds: tuple[int, int], usage: dict[str, Usage]) -> Finding:
    low, high = bounds
    detail = f"{low} to {high} tasks"
    if not isinstance(facts.service, Service):
        return SCALING.ok("bounds", detail)
    desired = facts.service.desired
    busy = [policy.name for policy in found.policies if _busy(policy, usage)]
    if desired >= high and busy:
        detail = (
            f"{desired} tasks wanted, the most of {detail}, and still above the target of {', '.join(busy)}"
        )
        return SCALING.ng("bounds", detail, Fault.SCALING_AT_LIMIT)
    if not low <= desired <= high:
        return SCALING.ng("bounds", f"{desired} tasks wanted, outside of {detail}", Fault.SCALING_INCOMPLETE)
    return SCALING.ok("bounds", f"{detail}, {desired} wanted")


def _busy(policy: Policy, usage: dict[str, Usage]) -> bool:
    metric = usage.get(_METRIC_OF.get(policy.metric, ""))
    return metric is not None and policy.target is not None and metric.latest > policy.target


def _policies(found: Scaling, usage: dict[str, Usage]) -> Iterator[Finding]:
    tracked = {policy.metric for policy in found.policies}
    missing = [name for metric, name in _METRIC_OF.items() if metric not in tracked]
    if missing:
        detail = f"no policy follows {', '.join(missing)}"
        yield SCALING.ng("policies", detail, Fault.SCALING_INCOMPLETE)
    for policy in found.policies:
        metric = usage.get(_METRIC_OF.get(policy.metric, ""))
        now = f", now {metric.latest:.0f}" if metric else ""
        yield SCALING.ok(f"policy {policy.name}", f"holds {policy.metric} at {policy.target}{now}")


def _activities(found: Scaling) -> Iterator[Finding]:
    for item in found.activities:
        detail = f"{item.status}: {item.description} {item.message}".rstrip()
        at = f"{item.at:%Y-%m-%d %H:%M}"
        failed = item.status in _FAILED
        yield SCALING.ng(at, detail, Fault.SCALING_FAILED) if failed else SCALING.ok(at, detail)
