"""What Terraform answers is believed or told, never guessed: a program of the test stands for it."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from pipeline.aws.access import AwsAccess
from pipeline.terraform.diagnostics import TerraformError
from pipeline.terraform.document import parse_plan
from pipeline.terraform.workspace import Workspace, open_workspace

Answering = Callable[[str, int], Workspace]


@pytest.fixture
def answering(tmp_path: Path) -> Iterator[Answering]:
    """Open a workspace whose Terraform prints a text and ends with a code."""
    with ExitStack() as stack:

        def make(out: str, code: int) -> Workspace:
            program = tmp_path / "bin" / "terraform"
            program.parent.mkdir()
            program.write_text(f"#!/bin/sh\ncat <<'OUT'\n{out}\nOUT\necho 'why not' >&2\nexit {code}\n")
            program.chmod(0o755)
            return stack.enter_context(
                open_workspace(
                    tmp_path,
                    AwsAccess("af-south-1"),
                    label="test",
                    base=tmp_path / "runs",
                    inherited={"PATH": f"{program.parent}:/usr/bin:/bin"},
                )
            )

        yield make


def test_a_wrong_configuration_is_told_with_its_diagnostics(answering: Answering) -> None:
    """Terraform's own words, and the place."""
    wrong = {"severity": "error", "summary": "Unsupported argument", "detail": ""}
    with pytest.raises(TerraformError, match="is not valid") as caught:
        answering(json.dumps({"valid": False, "diagnostics": [wrong]}), 1).validate()
    assert "Unsupported argument" in str(caught.value)


def test_the_warnings_of_a_right_one_come_back(answering: Answering) -> None:
    """They are nobody's failure."""
    warning = {"severity": "warning", "summary": "Deprecated", "detail": ""}
    (found,) = answering(json.dumps({"valid": True, "diagnostics": [warning]}), 0).validate()
    assert found.summary == "Deprecated"


@pytest.mark.parametrize("out", ["", "panic: oh", "[]"])
def test_what_is_no_document_is_a_failure_with_what_terraform_said(answering: Answering, out: str) -> None:
    """A crash prints no JSON, or less than was asked for."""
    with pytest.raises(TerraformError) as caught:
        answering(out, 2).validate()
    assert "why not" in str(caught.value)


def test_outputs_that_cannot_be_read_are_a_failure(answering: Answering) -> None:
    """They would else look like an environment without any."""
    with pytest.raises(TerraformError, match="terraform output failed") as caught:
        answering("{}", 1).outputs()
    assert "why not" in str(caught.value)


@pytest.mark.parametrize(
    ("mark", "hidden"),
    [
        (True, True),
        (False, False),
        ({}, False),
        ({"a": {"b": True}}, True),
        ([False, [True]], True),
        ([], False),
    ],
)
def test_an_output_with_anything_sensitive_in_it_is_sensitive(mark: object, hidden: bool) -> None:
    """Terraform marks the parts of objects and lists one by one."""
    outputs = {"x": {"actions": ["create"], "after_sensitive": mark}}
    (found,) = parse_plan({"format_version": "1.2", "output_changes": outputs}).outputs
    assert found.sensitive is hidden
