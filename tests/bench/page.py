"""Writes reports into docs/benchmarks.md, between its markers. Pure but for the last function."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.figures import Curve, Goal, Report, Series, number, ratio

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def render(reports: Sequence[Report], machine: str, pictures: Sequence[str] = ()) -> str:
    """Return the measured part of the page as markdown."""
    goals = [(report, goal) for report in reports for goal in report.goals]
    parts = [machine, *(f"![{Path(name).stem}](images/{name})" for name in pictures)]
    parts += ["## Goals", _goals(goals)] if goals else []
    for report in reports:
        parts += _section(report)
    return "\n\n".join(parts)


def insert(page: str, measured: str) -> str:
    """Return the page with the part between its markers replaced.

    Raises:
        ValueError: a marker is missing.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"The page lacks {BEGIN} or {END}: put them back around the measured part.")
    return f"{before}{BEGIN}\n\n{measured}\n\n{END}{after}"


def write(path: Path, measured: str) -> None:
    """Replace the measured part of the page."""
    path.write_text(insert(path.read_text(encoding="utf-8"), measured), encoding="utf-8")


def _section(report: Report) -> Iterable[str]:
    yield f"## {report.title}"
    if report.failure:
        yield f"**Not measured.** {report.failure}"
    if report.groups:
        yield _groups(report.groups)
    if report.curves:
        yield from (_curve(curve) for curve in report.curves)
    for table in report.tables:
        yield f"### {table.title}"
        yield _table(table.head, table.rows)
    if report.remarks:
        yield "\n".join(f"- {remark}" for remark in report.remarks)


def _goals(goals: Iterable[tuple[Report, Goal]]) -> str:
    rows = [
        (goal.requested, goal.measured, "met" if goal.met else "**missed**", goal.remark) for _, goal in goals
    ]
    return _table(("wanted", "measured", "", "why, and what would be needed"), rows)


def _groups(groups: Iterable[Sequence[Series]]) -> str:
    rows = [_row(item, group[0]) for group in groups for item in group]
    return _table(("", "median", "least to most", "times", "ratio"), rows)


def _row(item: Series, first: Series) -> Sequence[str]:
    return (
        item.name,
        f"{number(item.median)} {item.unit}".strip(),
        f"{number(item.low)} to {number(item.high)}" if len(item.values) > 1 else "",
        str(len(item.values)),
        f"{number(ratio(item, first))} x" if item is not first else "",
    )


def _curve(curve: Curve) -> str:
    """A column for each size."""
    head = (curve.size, *(number(size) for size, _ in curve.points), "exponent", "at its end")
    values = (f"{number(value)} {curve.unit}" for _, value in curve.points)
    return _table(head, [(curve.name, *values, f"{curve.exponent:.2f}", f"{curve.last_exponent:.2f}")])


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(_cell(text) for text in line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
