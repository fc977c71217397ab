"""The page that a diagnosis writes."""

import re
from dataclasses import replace

from diagnosis_samples import MOVING, WELL, stopped, task

from pipeline.delivery.model import TaskEvidence
from pipeline.diagnosis.diagnosis import GUIDE, diagnose, to_markdown
from pipeline.diagnosis.facts import Tasks
from pipeline.secrets.change import KeyReport

CRASH = Tasks(
    (),
    (stopped("Essential container in task exited", 3),),
    (TaskEvidence("task-9", "exited", {"app": ("booting", "```", "KeyError: 'A|B'")}),),
)


def test_causes_come_first_with_their_next_command() -> None:
    """Whoever opens the page sees what to do before anything else."""
    page = to_markdown(diagnose(replace(WELL, service=MOVING, tasks=CRASH)))
    headings = re.findall(r"^## (.*)$", page, re.MULTILINE)
    assert headings == [
        "Likely causes",
        "The guide's list",
        "Everything that was looked at",
        "Last log lines",
    ]
    assert "vimbiso run rollback-application staging" in page.split("## The")[0]
    assert "### 1. The application ends by itself" in page


def test_no_text_breaks_the_page() -> None:
    """A line break in a reason stays in its line, a fence in a log in its block."""
    unhealthy = Tasks((), (stopped("a | b\n# c", 3),), CRASH.evidence)
    page = to_markdown(diagnose(replace(WELL, service=MOVING, tasks=unhealthy)))
    assert "\n# c" not in page
    assert r"a \| b # c" in page
    assert page.count("```") % 2 == 0


def test_every_question_of_the_guide_is_on_the_page() -> None:
    """The list is whole whatever is wrong."""
    page = to_markdown(diagnose(WELL))
    assert [line for line in GUIDE if f"| {line} | " not in page] == []
    assert "None: nothing wrong was found." in page


def test_values_of_variables_stay_out() -> None:
    """Names only: a value may be private even where it is no secret."""
    found = replace(WELL, secrets=KeyReport(("A",), ("DJANGO_SECRET",), ()), tasks=Tasks((task(),), (), ()))
    page = to_markdown(diagnose(found))
    assert "DJANGO_SECRET" in page
    assert "8000" not in page.split("**environment variables**")[1].split("**secrets**")[0]
