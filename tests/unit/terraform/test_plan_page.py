"""The text that people read before they approve."""

from typing import Any

from plan_documents import change, document

from pipeline.terraform.document import parse_plan
from pipeline.terraform.page import code, plan_page
from pipeline.terraform.summary import summarise


def page(*changes: dict[str, Any], drift: tuple[dict[str, Any], ...] = (), **more: Any) -> str:
    """Return how staging's plan is shown."""
    return plan_page("staging", summarise(parse_plan({**document(*changes, drift=drift), **more})))


def test_everything_that_a_person_approves_is_on_one_page() -> None:
    """From what to what, what is lost and why, what it costs, what somebody else did, what others read."""
    group = "aws_cloudwatch_log_group.app"
    shown = page(
        change(group, ["update"], before={"retention_in_days": 30}, after={"retention_in_days": 14}),
        change("aws_eip.old", ["delete"], before={"ip": "1"}, reason="delete_because_no_resource_config"),
        drift=(change("aws_lb.a", ["update"], before={"x": ""}, after={"x": "b"}),),
        output_changes={"a": {"actions": ["create"]}},
    )
    assert (
        shown
        == """## staging: 1 to change, 1 to DESTROY, 1 changed outside of Terraform

- **DESTROY** `aws_eip.old`: it is no longer in the configuration
    - cost: less, a public address is billed by the hour
- **change** `aws_cloudwatch_log_group.app`
    - `retention_in_days`: `30` -> `14`
    - cost: time that logs are kept: 30 to 14

Since the last apply, outside of Terraform:

- **changed** `aws_lb.a`
    - `x`: `""` -> `b`

Outputs:

- create `a`"""
    )


def test_a_plan_without_changes_is_a_line() -> None:
    """There is no empty table."""
    assert page() == "## staging: nothing to change"


def test_a_secret_is_not_on_the_page() -> None:
    """That it changes is."""
    hidden = {"after_sensitive": {"value": True}, "before_sensitive": {"value": True}}
    shown = page(change("aws_ssm.a", ["update"], before={"value": "old"}, after={"value": "new"}, **hidden))
    assert "`value`: `(sensitive)` -> `(sensitive)`" in shown


def test_code_is_never_markup() -> None:
    """Whatever marks a value has, the page shows them."""
    assert [code(text) for text in ("__init__", "a`b", "`a`", "")] == [
        "`__init__`",
        "``a`b``",
        "`` `a` ``",
        '`""`',
    ]
