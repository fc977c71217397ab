"""A release at Fargate's pace, in the simulated region: the pipeline beside the plain way, step by step."""

import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from bench.figures import Goal, Report, Series, Table, at_most, number, ratio
from bench.workshop import Workshop, run

from deployments.paths import PROJECT

BUILD = 20.0
"""Seconds of build and push, the same for both: 15 to 25 with warm caches and one layer that changed."""
_LIMITS = {"no migrations": 1.15, "migrations": 1.5}
_INNER = ("preflight", "image", "ended", "service told", "unhealthy")
"""What is shown by other rows, or takes no time."""
_PIPELINE, _COMPLETED, _STABLE = (
    "deploy-application",
    "plain way, until COMPLETED",
    "plain way, until services-stable",
)
_TRIED = """
The release is tried in a task of its own before the service starts any of its tasks: 45 s, of which the scan
would take 20. Less would need ECS's blue/green deployments, whose own tasks can be tried before visitors meet
them.
"""
_WHY = " ".join(_TRIED.split())
_SIMULATED = """
Simulated, not measured on AWS: the pipeline's own flows, boto3's own waiters, and the times of
[the simulated region](simulated-region.md) with the intervals that Terraform sets.
"""
_COUNTED = f"""
Build and push count {BUILD:.0f} s for both; the time until a run begins, and its preflight, are left out.
"""
_PLAIN = """
The plain way: register-task-definition, where there are migrations run-task and wait tasks-stopped, then
update-service and wait services-stable. That wait ends before ECS has decided: the pipeline waits for
COMPLETED.
"""
_WORD = """
First word: from what shows the failure in the region to the first warning or error of the run.
"""
_REMARKS = tuple(" ".join(text.split()) for text in (_SIMULATED, _COUNTED, _PLAIN, _WORD))
Spans = Mapping[str, Sequence[float]]


def fargate(shop: Workshop) -> Report:
    """Play releases, failures and restores in a process of its own, whose time is virtual."""
    script = PROJECT / "tests/region/region_times.py"
    found = json.loads(run([sys.executable, script, "--seeds", str(shop.sizes.region_seeds)]))
    return report(found)


def report(found: Mapping[str, Any]) -> Report:
    """Make the report of what the region answered."""
    releases = {name: _totals(name, both) for name, both in found["releases"].items()}
    words = [
        Series(f"first word: {name}", "s", tuple(item["word"] for item in items))
        for name, items in found["words"].items()
    ]
    downtime = Series("restore in place: nobody is served", "s", tuple(found["downtime"]))
    slowest = max(words, key=lambda series: series.median)
    return Report(
        name="fargate",
        title="At Fargate's pace",
        groups=(*releases.values(), *((item,) for item in words), (downtime,)),
        tables=tuple(_steps(name, both) for name, both in found["releases"].items()),
        goals=(
            *(goal for name, limit in _LIMITS.items() for goal in _goals(name, releases[name], limit)),
            at_most(
                f"a failure's first word within 5 s of its evidence (worst: {slowest.name[12:]})",
                slowest.median,
                5,
                "s",
            ),
            at_most("restore in place: down for at most 150 s", downtime.median, 150, "s"),
        ),
        remarks=_REMARKS,
    )


def _totals(name: str, both: Mapping[str, Sequence[Spans]]) -> tuple[Series, ...]:
    def series(way: str, moment: str, title: str) -> Series:
        return Series(f"{name}: {title}", "s", tuple(BUILD + spans[moment][1] for spans in both[way]))

    return (
        series("plain", "end", _COMPLETED),
        series("plain", "services-stable answers", _STABLE),
        series("pipeline", "end", _PIPELINE),
    )


def _goals(name: str, totals: Sequence[Series], limit: float) -> list[Goal]:
    completed, stable, ours = totals
    return [
        at_most(
            f"{name}: at most {number(limit)} x the {plain.name.partition(': ')[2]}",
            ratio(ours, plain),
            limit,
            "x",
            _WHY,
        )
        for plain in (stable, completed)
    ]


def _steps(name: str, both: Mapping[str, Sequence[Spans]]) -> Table:
    """Put the steps in the order in which they begin, with the medians of begin and end."""
    ours, plain = (_medians(both[way]) for way in ("pipeline", "plain"))
    names = sorted({**ours, **plain}, key=lambda item: (ours.get(item) or plain[item])[::-1])
    rows = [("build and push (assumed)", *[_span((0.0, BUILD))] * 2)]
    rows += [
        (item, _span(ours.get(item)), _span(plain.get(item)))
        for item in names
        if not any(word in item for word in _INNER)
    ]
    return Table(f"Second by second: {name}", ("", "deploy-application", "the plain way"), tuple(rows))


def _medians(runs: Sequence[Spans]) -> dict[str, tuple[float, float]]:
    names = {name for spans in runs for name in spans}
    return {
        name: (
            BUILD + statistics.median(spans[name][0] for spans in runs if name in spans),
            BUILD + statistics.median(spans[name][1] for spans in runs if name in spans),
        )
        for name in names
    }


def _span(span: tuple[float, float] | None) -> str:
    if span is None:
        return ""
    begin, end = (f"{value:.0f}" for value in span)
    return f"{begin} to {end} s" if begin != end else f"{end} s"
