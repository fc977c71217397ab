"""Draws the measurements: bars for what is compared, lines for what grows."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import pygal
from bench.figures import Curve, Report, Series
from pygal.style import CleanStyle

_COLORS = ("#1b6ca8", "#d1495b", "#edae49", "#66a182", "#7a4d9f", "#8d6e63", "#2e4057", "#00a6a6")
_STYLE = CleanStyle(background="white", plot_background="white", title_font_size=15, colors=_COLORS)
_PLAIN = {"js": [], "style": _STYLE, "width": 900, "disable_xml_declaration": True, "no_prefix": True}
"""Without scripts: a picture shall show the same in every viewer, and ask no other site for anything."""
_SCRIPT = re.compile(r"<script.*?</script>", re.DOTALL)
"""The library's settings of its own scripts, which it writes in any case."""


def draw(reports: Sequence[Report], folder: Path) -> list[str]:
    """Write every chart into the folder; return the files' names."""
    charts = {"benchmarks-release.svg": _bars(reports), "benchmarks-growth.svg": _growth(reports)}
    drawn = {name: chart for name, chart in charts.items() if chart is not None}
    for name, chart in drawn.items():
        (folder / name).write_text(_SCRIPT.sub("", chart.render()), encoding="utf-8")
    return list(drawn)


def _bars(reports: Iterable[Report]) -> pygal.HorizontalBar | None:
    """Draw the first group of the report on releases, the first series on top."""
    group = next((report.groups[0] for report in reports if report.name == "deploy" and report.groups), None)
    if group is None:
        return None
    chart = pygal.HorizontalBar(
        title="A new release: seconds, median",
        legend_at_bottom=True,
        legend_at_bottom_columns=1,
        print_values=True,
        value_formatter=lambda value: f"{value:.1f} s",
        height=420,
        **_PLAIN,
    )
    for series in group:
        chart.add(_short(series), series.median)
    return chart


def _short(series: Series) -> str:
    return series.name if len(series.name) <= 80 else f"{series.name[:77]}..."


def _growth(reports: Iterable[Report]) -> pygal.XY | None:
    """Draw every curve relative to its first point; both axes are logarithmic, and linear growth a line."""
    curves = [curve for report in reports for curve in report.curves]
    if not curves:
        return None
    chart = pygal.XY(
        title="Growth, relative to the smallest size (both axes logarithmic)",
        x_title="times the smallest size",
        y_title="times its cost",
        logarithmic=True,
        x_value_formatter=lambda times: f"{times:,.0f}",
        x_labels=[1, 10, 100],
        y_labels=[1, 3, 10, 30, 100, 300],
        legend_at_bottom=True,
        legend_at_bottom_columns=3,
        dots_size=3,
        height=580,
        **_PLAIN,
    )
    most = max(curve.points[-1][0] / curve.points[0][0] for curve in curves)
    chart.add("linear", [(1, 1), (most, most)], stroke_style={"dasharray": "4, 6"})
    for curve in curves:
        chart.add(curve.name, _relative(curve))
    return chart


def _relative(curve: Curve) -> list[tuple[float, float]]:
    (size, cost), *_ = curve.points
    return [(x / size, y / cost) for x, y in curve.points]
