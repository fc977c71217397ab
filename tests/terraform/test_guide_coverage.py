"""The table of the guide's lines names things that exist."""

import re

import pytest
from terraform_command import PROJECT, ROOT

COVERAGE = (PROJECT / "docs/guide-coverage.md").read_text(encoding="utf-8")
GUIDE_RUN = (ROOT / "tests/guide.tftest.hcl").read_text(encoding="utf-8")
ROWS = [line.strip("| ").split(" | ") for line in COVERAGE.splitlines() if line.startswith("| ")]
LINES = [row for row in ROWS if row[0] not in {"guide", "---"}]


def _in_backticks(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


@pytest.mark.parametrize("row", LINES, ids=lambda row: row[0][:40])
def test_line_has_a_place_and_a_proof(row: list[str]) -> None:
    """Every line of the guide is done somewhere and proven by something."""
    assert len(row) == 3
    assert _in_backticks(row[2])


def test_named_assertions_stand_in_the_run() -> None:
    """Every assertion that the table quotes is one of the guide run's messages."""
    quoted = {message for row in LINES for message in re.findall(r'"([^"]+)"', row[2])}
    known = {message.replace('\\"', '"') for message in re.findall(r'error_message = "(.*)"', GUIDE_RUN)}
    assert quoted - known == set()


def test_named_files_and_tests_exist() -> None:
    """Every file is there, and every test in it."""
    for path, _, test in (name.partition("::") for row in LINES for name in _in_backticks(row[2])):
        if path != "guide":
            assert (f"def {test}" if test else "") in (PROJECT / path).read_text(encoding="utf-8"), path


def test_named_modules_exist() -> None:
    """A place is a module, a file of the project, a flow, a variable or a secret's key."""
    flows = {path.stem.replace("_", "-") for path in (PROJECT / "flows").glob("*.py")}
    modules = {path.name for path in (ROOT / "modules").iterdir()}
    others = {"MYCREDEX_APP_URL", "sidecars", "shared_redis", "environments/"}
    for row in LINES:
        for place in _in_backticks(row[1]):
            known = place in flows | modules | others
            assert known or any((folder / place).exists() for folder in (PROJECT, ROOT)), place
