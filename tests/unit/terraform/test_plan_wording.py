"""What a plan is said to cost, lose and change."""

from typing import Any

import pytest
from plan_documents import change, document

from pipeline.terraform.approval import guard
from pipeline.terraform.document import parse_plan
from pipeline.terraform.summary import cost_pointer, summarise


def pointer(address: str, actions: list[str], **parts: Any) -> str:
    """Return what is said of one change's cost."""
    (found,) = parse_plan(document(change(address, actions, **parts))).changes
    return cost_pointer(found)


@pytest.mark.parametrize(
    ("address", "actions", "told"),
    [
        ("aws_nat_gateway.a", ["create"], "more, a NAT gateway"),
        ("aws_nat_gateway.a", ["delete"], "less, a NAT gateway"),
        ("aws_iam_role.a", ["create"], ""),
        ("aws_nat_gateway.a", ["forget"], ""),
        ("aws_iam_role.a", ["update"], ""),
    ],
)
def test_what_comes_or_goes_touches_the_bill(address: str, actions: list[str], told: str) -> None:
    """Only where the thing itself is billed, and is really made or removed."""
    assert pointer(address, actions).startswith(told)
    assert bool(pointer(address, actions)) == bool(told)


def test_what_is_only_read_costs_nothing() -> None:
    """Data sources are in a plan too."""
    assert pointer("data.aws_lb.a", ["read"], mode="data") == ""


def test_a_plan_of_outputs_alone_says_so() -> None:
    """It is not "nothing to change": the state will differ."""
    plan = {**document(), "output_changes": {"x": {"actions": ["create"], "after_sensitive": False}}}
    assert summarise(parse_plan(plan)).sentence == "only outputs change"
    assert summarise(parse_plan(document())).sentence == "nothing to change"


def test_the_guard_says_what_it_found() -> None:
    """Nothing lost, a loss that was allowed, and one that was not."""
    lost = parse_plan(document(change("aws_efs_file_system.data", ["delete"])))
    assert guard(parse_plan(document())).sentence == "Nothing that holds data or answers users is lost."
    assert "Allowed" in guard(lost, ["aws_efs_file_system.data"]).sentence
    assert "run again allowing exactly these addresses" in guard(lost).sentence
