"""Plans that lose data are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan_documents import change, document

from pipeline.terraform.approval import PROTECTED_TYPES, guard
from pipeline.terraform.document import parse_plan

LOSING, REPLACING = ["delete"], ["delete", "create"]


@pytest.mark.parametrize("kind", sorted(PROTECTED_TYPES))
@pytest.mark.parametrize("actions", [LOSING, REPLACING, ["create", "delete"]])
def test_losing_what_holds_data_is_refused(kind: str, actions: list[str]) -> None:
    """Destroying and replacing, in either order, of every protected type."""
    verdict = guard(parse_plan(document(change(f"{kind}.a", actions))))
    assert [loss.address for loss in verdict.refused] == [f"{kind}.a"]
    assert not verdict.passed
    assert f"'{kind}.a'" in verdict.sentence


@pytest.mark.parametrize(
    ("address", "actions"),
    [
        ("aws_s3_bucket.a", ["create"]),
        ("aws_s3_bucket.a", ["update"]),
        ("aws_s3_bucket.a", ["forget"]),
        ("aws_eip.a", LOSING),
        ("aws_ecs_task_definition.a", REPLACING),
    ],
)
def test_what_loses_nothing_passes(address: str, actions: list[str]) -> None:
    """Making, changing and forgetting a bucket; destroying what can be made again."""
    assert guard(parse_plan(document(change(address, actions)))).passed


def test_only_the_exact_address_is_allowed() -> None:
    """An allowance for one instance is none for its neighbour; a mistyped one is told."""
    plan = parse_plan(document(change("aws_s3_bucket.a[0]", LOSING), change("aws_s3_bucket.a[1]", REPLACING)))
    verdict = guard(plan, ["aws_s3_bucket.a[0]", "aws_s3_bucket.a"])
    assert [loss.address for loss in verdict.allowed] == ["aws_s3_bucket.a[0]"]
    assert [str(loss) for loss in verdict.refused] == ["aws_s3_bucket.a[1] would be replaced"]
    assert verdict.unused == ("aws_s3_bucket.a",)


ADDRESSES = st.sampled_from(["aws_s3_bucket.a", "aws_s3_bucket.b", "aws_ecr_repository.c", "aws_eip.d"])


@given(lost=st.sets(ADDRESSES), allowed=st.sets(ADDRESSES))
def test_every_loss_is_either_refused_or_allowed(lost: set[str], allowed: set[str]) -> None:
    """No loss of a protected thing goes unmentioned, and allowing more never refuses more."""
    plan = parse_plan(document(*(change(address, LOSING) for address in sorted(lost))))
    verdict = guard(plan, allowed)
    refused = {loss.address for loss in verdict.refused}
    assert refused == {address for address in lost if not address.startswith("aws_eip")} - allowed
    assert refused.isdisjoint({loss.address for loss in verdict.allowed})
    assert refused <= {loss.address for loss in guard(plan).refused}
