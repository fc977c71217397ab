"""Writes the table of who may do what into docs/security.md; ``python tests/who_may_what.py`` renews it.

A cell's words stand here; the tests that hold it carry the mark ``holds(who, act)``.
"""

import ast
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "security.md"
BEGIN = "<!-- Between these two lines: python tests/who_may_what.py -->"
END = "<!-- End of what is generated -->"
ACTS = ("reach", "read", "start", "approve")
CELLS = {
    "people": (
        "Prefect, with the one password",
        "whatever the server keeps, blocks included; a copy of its database alone tells no secret",
        "every flow, each deployment in its own environment",
        "whatever waits: by a code where approvers are enrolled, else by a name; a plan as it was shown",
    ),
    "CI of each environment": (
        "the receiver; AWS as `APP-ENV-ci`",
        "its own webhook secret",
        "`deploy-application` of its environment, with commits of its branch",
        "nothing",
    ),
    "webhook": (
        "Prefect; at GitHub the repository that is deployed. Not Redis",
        "the webhook secrets and the GitHub token; with Prefect's password it could read every block",
        "`deploy-application` of the environment whose secret signed",
        "nothing: it has no words for it",
    ),
    "worker of each environment": (
        "its environment's resources",
        "its own secret at AWS, and what knows no narrower resource; from Prefect every block",
        "the runs of its own work pool; its own tasks",
        "nothing: runs that wait go on by a person",
    ),
    "application container": (
        "its data, by the access point; locally the presigned URLs that it was handed",
        "the secret values that it is started with; a job's orders once",
        "nothing",
        "nothing: what it wrote is text to whoever decides",
    ),
    "host neighbour": (
        "from another host nothing; another user of this machine: the emulated AWS, by its port",
        "nothing on disk",
        "of Prefect nothing without the password; by the emulated AWS containers, which is root (below)",
        "nothing without the password",
    ),
    "web page on the operator's machine": (
        "nothing of the emulated AWS; of Prefect an answer that it may not read",
        "nothing",
        "nothing without the password; no deployment without a signature",
        "nothing without the password",
    ),
}

Cell = tuple[str, str]


def marked(folder: Path = TESTS) -> dict[str, list[Cell]]:
    """Return the cells that each test holds, by the test's file and name."""
    found: dict[str, list[Cell]] = {}
    for file in sorted(folder.rglob("test_*.py")):
        text = file.read_text(encoding="utf-8")
        if "pytest.mark.holds(" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and (cells := _cells(node)):
                found[f"{file.relative_to(TESTS.parent).as_posix()}::{node.name}"] = cells
    return found


def page(text: str) -> str:
    """Return the page with the table and the list of its tests as they must be."""
    before, _, rest = text.partition(BEGIN)
    tests = marked()
    numbers = {name: number for number, name in enumerate(tests, 1)}
    lines = [f"| who | {' | '.join(ACTS)} |", "| --- | --- | --- | --- | --- |"]
    for who, words in CELLS.items():
        cells = []
        for act, said in zip(ACTS, words, strict=True):
            held = (str(numbers[name]) for name, cells in tests.items() if (who, act) in cells)
            cells.append(f"{said} ({', '.join(held)})")
        lines.append(f"| {who} | {' | '.join(cells)} |")
    lines += ["", *(f"{number}. `{name}`" for name, number in numbers.items())]
    return f"{before}{BEGIN}\n\n" + "\n".join(lines) + f"\n\n{END}{rest.partition(END)[2]}"


def _cells(test: ast.FunctionDef) -> list[Cell]:
    marks = (mark for mark in test.decorator_list if isinstance(mark, ast.Call))
    return [
        (str(ast.literal_eval(mark.args[0])), str(ast.literal_eval(mark.args[1])))
        for mark in marks
        if ast.unparse(mark.func) == "pytest.mark.holds"
    ]


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
