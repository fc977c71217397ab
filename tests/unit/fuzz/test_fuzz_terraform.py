"""What Terraform prints is understood, or refused in one clear error."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutations import JSON, damaged

from pipeline.terraform.diagnostics import TerraformError
from pipeline.terraform.document import PlanDocument, parse_plan
from pipeline.terraform.events import TerraformEvent, parse_event

CHANGE: dict[str, Any] = {
    "address": "module.data.aws_s3_bucket.backup",
    "mode": "managed",
    "type": "aws_s3_bucket",
    "action_reason": "replace_because_cannot_update",
    "change": {
        "actions": ["delete", "create"],
        "before": {"bucket": "old", "tags": {"a": "b"}, "rules": [{"port": 1}]},
        "after": {"bucket": "new", "tags": {"a": "c"}, "rules": [{"port": 2}, {"port": 3}]},
        "after_unknown": {"id": True, "rules": [{"port": False}, {}]},
        "before_sensitive": {"tags": {"a": True}},
        "after_sensitive": {},
        "replace_paths": [["bucket"], ["rules", 0, "port"]],
    },
}
PLAN: dict[str, Any] = {
    "format_version": "1.2",
    "terraform_version": "1.11.4",
    "applyable": True,
    "resource_changes": [CHANGE],
    "resource_drift": [],
    "output_changes": {"url": {"actions": ["update"], "before": 1, "after": 2, "after_sensitive": False}},
}
RESOURCE = {
    "resource": {"addr": "aws_s3_bucket.a"},
    "action": "create",
    "elapsed_seconds": 2,
    "id_value": "a",
}
DIAGNOSTIC = {
    "severity": "error",
    "summary": "Wrong",
    "detail": "It is wrong.",
    "address": "aws_s3_bucket.a",
    "range": {"filename": "main.tf", "start": {"line": 3, "column": 4}},
    "snippet": {"code": "a = b", "context": "resource"},
}
EVENTS: list[dict[str, Any]] = [
    {"@message": "said", "@level": "info", "type": "version", "terraform": "1.11.4"},
    {"@message": "said", "type": "planned_change", "change": {**RESOURCE, "reason": "tainted"}},
    {"@message": "said", "type": "resource_drift", "change": RESOURCE},
    {
        "@message": "said",
        "type": "change_summary",
        "changes": {"add": 1, "change": 2, "remove": 3, "import": 4},
    },
    *({"@message": "said", "type": f"apply_{kind}", "hook": RESOURCE} for kind in ("start", "progress")),
    *({"@message": "said", "type": f"apply_{kind}", "hook": RESOURCE} for kind in ("complete", "errored")),
    {"@message": "said", "type": "refresh_complete", "hook": RESOURCE},
    {"@message": "said", "type": "diagnostic", "diagnostic": DIAGNOSTIC},
    {"@message": "said", "type": "outputs", "outputs": {"url": {"sensitive": False, "value": 1}}},
]


def test_the_sound_plan_is_read() -> None:
    """What the damage starts from is a plan."""
    assert parse_plan(PLAN).changes[0].destroys


@given(damaged(PLAN) | JSON)
def test_a_plan_is_read_or_refused(document: Any) -> None:
    """A plan that is not understood is never taken for an empty or a harmless one: it is refused."""
    try:
        found = parse_plan(document)
    except TerraformError as error:
        assert "Terraform" in str(error)  # noqa: PT017 - refusing is one of two right answers
    else:
        _matches(found, document)


@pytest.mark.parametrize(
    "damage",
    [
        {"format_version": None},
        {"format_version": "2.0"},
        {"resource_changes": {}},
        {"resource_changes": None},
        {"resource_drift": {}},
        {"output_changes": []},
        {"resource_changes": [{**CHANGE, "change": {**CHANGE["change"], "actions": ["no-op", "delete"]}}]},
    ],
)
def test_what_is_no_plan_is_not_taken_for_an_empty_one(damage: dict[str, Any]) -> None:
    """Neither another format, nor a list that is none, nor an action that no version names is read past."""
    with pytest.raises(TerraformError, match="not understood"):
        parse_plan({**PLAN, **damage})


def test_a_resource_of_an_unknown_mode_counts_as_managed() -> None:
    """A data source is nothing to lose; what is not said to be one may be."""
    plan = parse_plan({**PLAN, "resource_changes": [{**CHANGE, "mode": "unheard-of"}]})
    assert [item.destroys for item in plan.changes] == [True]


def _matches(found: PlanDocument, document: dict[str, Any]) -> None:
    """Every resource is there, and what is deleted is known to be."""
    raw = document.get("resource_changes", [])
    assert found.addresses == tuple(str(item["address"]) for item in raw)
    lost = [
        str(item["address"])
        for item in raw
        if "delete" in item["change"]["actions"] and item.get("mode") != "data"
    ]
    assert [item.address for item in found.changes if item.destroys] == lost


@settings(max_examples=400)
@given(st.sampled_from(EVENTS).flatmap(damaged).map(json.dumps) | JSON.map(json.dumps) | st.text(max_size=50))
def test_a_line_of_the_stream_is_an_event_or_blank(line: str) -> None:
    """Reading the stream never ends a run, whatever Terraform prints."""
    found = parse_event(line)
    assert isinstance(found, TerraformEvent) if line.strip() else found is None
