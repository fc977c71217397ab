"""Lines of Terraform's stream become typed events, without secrets."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.terraform.diagnostics import Diagnostic
from pipeline.terraform.events import TerraformEvent, parse_event
from pipeline.terraform.process_environment import Masker

RESOURCE = {"addr": "module.a.aws_lb.b[0]", "resource_type": "aws_lb"}
MESSAGE = {"message": "said"}
NAMED = {**MESSAGE, "address": "module.a.aws_lb.b[0]"}
CASES: list[tuple[dict[str, Any], TerraformEvent]] = [
    ({"type": "version", "terraform": "1.11.4"}, TerraformEvent(**MESSAGE, kind="version")),
    ({"type": "log"}, TerraformEvent(**MESSAGE)),
    ({"type": "something_new"}, TerraformEvent(**MESSAGE)),
    (
        {
            "type": "planned_change",
            "change": {"resource": RESOURCE, "action": "replace", "reason": "tainted"},
        },
        TerraformEvent(**NAMED, kind="planned_change", action="replace"),
    ),
    (
        {"type": "resource_drift", "change": {"resource": RESOURCE, "action": "update"}},
        TerraformEvent(**NAMED, kind="resource_drift", action="update"),
    ),
    (
        {"type": "apply_start", "hook": {"resource": RESOURCE, "action": "create"}},
        TerraformEvent(**NAMED, kind="apply_start", action="create"),
    ),
    (
        {"type": "apply_progress", "hook": {"resource": RESOURCE, "action": "create", "elapsed_seconds": 10}},
        TerraformEvent(**NAMED, kind="apply_progress", action="create"),
    ),
    (
        {
            "type": "apply_complete",
            "hook": {"resource": RESOURCE, "action": "create", "id_value": "lb-1", "elapsed_seconds": 61},
        },
        TerraformEvent(**NAMED, kind="apply_complete", action="create"),
    ),
    (
        {"type": "apply_errored", "hook": {"resource": RESOURCE, "action": "create", "elapsed_seconds": 2}},
        TerraformEvent(**NAMED, kind="apply_errored", action="create"),
    ),
    (
        {"type": "refresh_start", "hook": {"resource": RESOURCE}},
        TerraformEvent(**NAMED, kind="refresh_start"),
    ),
    (
        {"type": "refresh_complete", "hook": {"resource": RESOURCE}},
        TerraformEvent(**NAMED, kind="refresh_complete"),
    ),
    (
        {"type": "change_summary", "changes": {"add": 1, "change": 2, "remove": 3, "operation": "apply"}},
        TerraformEvent(**MESSAGE, kind="change_summary"),
    ),
    (
        {"type": "outputs", "outputs": {"b": {"sensitive": True}, "a": {}}},
        TerraformEvent(**MESSAGE, kind="outputs"),
    ),
    (
        {
            "type": "diagnostic",
            "diagnostic": {
                "severity": "warning",
                "summary": "Odd",
                "detail": "Very odd.",
                "address": "aws_lb.b",
                "range": {"filename": "main.tf", "start": {"line": 6, "column": 11}},
                "snippet": {"code": "  input = x"},
            },
        },
        TerraformEvent(
            **MESSAGE,
            kind="diagnostic",
            diagnostic=Diagnostic("warning", "Odd", "Very odd.", "aws_lb.b", "main.tf", 6, "  input = x"),
        ),
    ),
]


@pytest.mark.parametrize(("document", "expected"), CASES, ids=lambda value: str(value)[:40])
def test_each_type_of_message_has_its_event(document: dict[str, Any], expected: TerraformEvent) -> None:
    """Every type that Terraform documents is told apart; what has no meaning here keeps its sentence."""
    line = json.dumps({"@level": "info", "@message": "said", **document})
    assert parse_event(line) == expected


@pytest.mark.parametrize("line", ["Successfully configured the backend", "[1, 2]", '"text"', "17"])
def test_other_lines_are_log_lines(line: str) -> None:
    """Plain text between the messages is kept."""
    assert parse_event(line) == TerraformEvent(line)


@pytest.mark.parametrize("line", ["", "   "])
def test_blank_lines_are_nothing(line: str) -> None:
    """A blank line is no event."""
    assert parse_event(line) is None


@given(st.text())
def test_no_line_breaks_the_reading(line: str) -> None:
    """Whatever Terraform or a provider prints, reading it never fails."""
    event = parse_event(line)
    assert (event is None) == (not line.strip())


@given(
    secret=st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=8),
    hook=st.text(st.characters(codec="ascii", categories=["L", "N"])),
)
@example(secret="diagnost", hook="")
@example(secret="summary", hook="")
def test_a_secret_is_masked_wherever_it_stands(secret: str, hook: str) -> None:
    """Message, summary and detail: no event shows a secret that the masker knows."""
    text = f"{hook}{secret}{hook}"
    document = {"type": "diagnostic", "@message": text, "diagnostic": {"summary": text, "detail": [text]}}
    event = parse_event(json.dumps(document), Masker.of([secret]))
    assert event is not None
    assert event.diagnostic is not None
    for shown in (event.message, event.diagnostic.summary, event.diagnostic.detail):
        assert secret not in shown.replace("(secret)", "")


def test_a_secret_of_many_lines_is_masked_line_by_line() -> None:
    """Terraform prints one line of a private key at a time."""
    masker = Masker.of(["first-line\nsecond-line", None, "abc"])
    assert masker.text("x second-line y") == "x (secret) y"
    assert masker.text("abc") == "abc"
    assert "first-line" not in repr(masker)
