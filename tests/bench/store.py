"""Keeps the reports of earlier runs, so that one entry can be measured again without the others."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.figures import Curve, Goal, Report, Series, Table


def merge(earlier: Iterable[Report], newer: Iterable[Report], order: Sequence[str]) -> list[Report]:
    """Return the newest report of each entry, in this order; entries that are gone are dropped."""
    found = {report.name: report for report in [*earlier, *newer]}
    return [found[name] for name in order if name in found]


def load(path: Path) -> list[Report]:
    """Return the kept reports; none where nothing was kept."""
    if not path.exists():
        return []
    return [_report(item) for item in json.loads(path.read_text(encoding="utf-8"))]


def save(path: Path, reports: Iterable[Report]) -> None:
    """Keep the reports."""
    text = json.dumps([asdict(report) for report in reports], indent=1)
    path.write_text(text + "\n", encoding="utf-8")


def _series(item: dict[str, Any]) -> Series:
    return Series(item["name"], item["unit"], tuple(item["values"]))


def _report(item: dict[str, Any]) -> Report:
    return Report(
        name=item["name"],
        title=item["title"],
        groups=tuple(tuple(_series(one) for one in group) for group in item["groups"]),
        curves=tuple(
            Curve(**{**one, "points": tuple((x, y) for x, y in one["points"])}) for one in item["curves"]
        ),
        tables=tuple(
            Table(one["title"], tuple(one["head"]), tuple(map(tuple, one["rows"])))
            for one in item.get("tables", ())
        ),
        goals=tuple(Goal(**one) for one in item["goals"]),
        remarks=tuple(item["remarks"]),
        failure=item["failure"],
    )
