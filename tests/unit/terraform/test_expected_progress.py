"""The progress of a saved plan, whose apply does not tell what was planned."""

from plan_documents import change, document

from pipeline.terraform.document import parse_plan
from pipeline.terraform.events import TerraformEvent
from pipeline.terraform.progress import advance, expected


def test_the_total_is_known_before_the_first_event() -> None:
    """Every change of the plan counts, what stays as it is does not."""
    plan = parse_plan(
        document(
            change("aws_lb.a", ["create"]), change("aws_lb.b", ["delete"]), change("aws_lb.c", ["no-op"])
        )
    )
    began = advance(expected(plan), TerraformEvent("", "apply_complete", address="aws_lb.a", action="create"))
    assert (len(began.done), began.total, began.percent) == (1, 2, 50.0)
