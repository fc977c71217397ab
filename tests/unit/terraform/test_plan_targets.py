"""Mistyped targets are found."""

import pytest
from plan_documents import change, document

from pipeline.terraform.document import parse_plan
from pipeline.terraform.summary import unmatched_targets

PLAN = parse_plan(document(change("module.a.aws_lb.b[0]", ["no-op"]), change("aws_lb.c", ["create"])))


@pytest.mark.parametrize(
    ("target", "hits"),
    [
        ("module.a", True),
        ("module.a.aws_lb.b", True),
        ("module.a.aws_lb.b[0]", True),
        ("aws_lb.c", True),
        ("module.ab", False),
        ("module.a.aws_lb.b[1]", False),
        ("aws_lb.cc", False),
    ],
)
def test_a_target_hits_what_lies_within_it(target: str, hits: bool) -> None:
    """A module, a resource or one of its instances; unchanged ones count too."""
    assert (unmatched_targets(PLAN, [target]) == ()) is hits
