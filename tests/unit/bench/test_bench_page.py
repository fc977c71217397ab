"""How the benchmark's page is made, and how earlier figures stay."""

from dataclasses import replace
from pathlib import Path

import pytest
from bench.charts import draw
from bench.figures import Curve, Goal, Report, Series, Table
from bench.page import BEGIN, END, insert, render
from bench.store import load, merge, save

REPORT = Report(
    name="cleanup",
    title="Cleaning",
    groups=(
        (Series("ours", "s", (1.0, 2.0, 3.0)), Series("script", "s", (8.0,))),
        (Series("wait", "s", (5.0,)),),
    ),
    curves=(Curve("cleanup", "images", "s", ((10.0, 1.0), (100.0, 10.0))),),
    tables=(Table("Step by step", ("", "ours"), (("scan", "3 to 5 s"),)),),
    goals=(Goal("fast", "4 x", True), Goal("few calls", "5", met=False, remark="for safety")),
    remarks=("once a | bar",),
)


def test_only_what_is_between_the_markers_changes() -> None:
    """What people wrote stays, however often it is measured."""
    page = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    once = insert(page, "new")
    assert once == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"
    assert insert(once, "new") == once


@pytest.mark.parametrize("page", ["", BEGIN, END, f"{END} {BEGIN}"])
def test_a_page_without_its_markers_is_left_alone(page: str) -> None:
    """Rather than written over."""
    with pytest.raises(ValueError, match="lacks"):
        insert(page, "new")


def test_a_row_compares_within_its_group() -> None:
    """Median, spread, times and ratio stand in it; what is of another kind is not compared."""
    lines = render([REPORT], "A machine.", ["bench.svg"]).splitlines()
    assert "| ours | 2 s | 1 to 3 | 3 |  |" in lines
    assert "| script | 8 s |  | 1 | 4 x |" in lines
    assert "| wait | 5 s |  | 1 |  |" in lines
    assert "| cleanup | 1 s | 10 s | 1.00 | 1.00 |" in lines
    assert "| scan | 3 to 5 s |" in lines
    assert "| few calls | 5 | **missed** | for safety |" in lines
    assert "![bench](images/bench.svg)" in lines


def test_a_failed_entry_says_why_in_its_place() -> None:
    """And the others are there."""
    failed = Report("backup", "backup", failure="RuntimeError: no disk")
    text = render([failed, REPORT], "A machine.", [])
    assert "**Not measured.** RuntimeError: no disk" in text
    assert "## Cleaning" in text


def test_reports_survive_being_kept(tmp_path: Path) -> None:
    """What is read is what was saved; nothing kept is no error."""
    assert load(tmp_path / "none.json") == []
    save(tmp_path / "kept.json", [REPORT])
    assert load(tmp_path / "kept.json") == [REPORT]


def test_the_figures_that_are_kept_can_be_read() -> None:
    """Else an entry could not be measured again without the others."""
    assert load(Path(__file__).parents[3] / "docs/benchmarks.json")


def test_one_entry_measured_anew_leaves_the_others() -> None:
    """In the order of the entries; what is no entry any more is dropped."""
    older, gone, other = (replace(REPORT, name=name) for name in ("cleanup", "gone", "backup"))
    newer = replace(REPORT, title="newer")
    assert merge([older, gone, other], [newer], ["backup", "cleanup"]) == [other, newer]


def test_the_charts_need_nobody_else(tmp_path: Path) -> None:
    """Bars for releases and lines for growth, without scripts; nothing is drawn of what was not measured."""
    group = (Series("ours", "s", (1.0,)), Series("theirs", "s", (2.0,)))
    release = Report("deploy", "A new release", groups=(group,))
    growing = Report("backup", "Backup", curves=(Curve("backup", "MiB", "s", ((1.0, 1.0), (10.0, 8.0))),))
    assert draw([Report("deploy", "Not measured", failure="no engine")], tmp_path) == []
    for name in draw([release, growing], tmp_path):
        picture = (tmp_path / name).read_text()
        assert "<script" not in picture
        assert "ours" in picture or ">backup<" in picture
    assert len(list(tmp_path.iterdir())) == 2
