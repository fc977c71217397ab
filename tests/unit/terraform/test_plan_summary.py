"""The table that people read before they approve."""

from typing import Any

from plan_documents import change, document

from pipeline.terraform.attributes import AttributeChange
from pipeline.terraform.document import Action, parse_plan
from pipeline.terraform.summary import explain_reason, name_difference, summarise


def test_rows_that_destroy_come_first_with_their_reason() -> None:
    """Deletes, then replacements with what forces them, then the rest."""
    plan = document(
        change("aws_lb.new", ["create"], after={"name": "n"}, after_unknown={"arn": True}),
        change("aws_ecs_service.web", ["update"], before={"cpu": 1}, after={"cpu": 2}),
        change(
            "aws_lb_target_group.t",
            ["delete", "create"],
            before={"port": 80, "id": "a"},
            after={"port": 81},
            after_unknown={"id": True},
            replace_paths=[["port"]],
            reason="replace_because_cannot_update",
        ),
        change("aws_eip.old", ["delete"], before={"ip": "1"}, reason="delete_because_no_resource_config"),
    )
    rows = summarise(parse_plan(plan)).rows
    assert [(row.address, row.action) for row in rows] == [
        ("aws_eip.old", Action.DELETE),
        ("aws_lb_target_group.t", Action.REPLACE),
        ("aws_ecs_service.web", Action.UPDATE),
        ("aws_lb.new", Action.CREATE),
    ]
    assert rows[0].reason == "it is no longer in the configuration"
    assert rows[1].reason == "an attribute changes that AWS cannot change in place (port)"
    assert rows[1].changed == (AttributeChange("port", "80", "81", forces_replacement=True),)
    assert rows[3].changed == (AttributeChange("name", "(none)", "n"),)


def test_drift_is_apart_from_intended_change() -> None:
    """What happened outside of Terraform is listed apart; only a row that undoes it says so."""
    by_hand = change("aws_lb.a", ["update"], before={"x": 1}, after={"x": 2})
    back = change("aws_lb.a", ["update"], before={"x": 2}, after={"x": 1})
    read_so = change("aws_lb.b", ["update"], before={"y": 1, "x": 1}, after={"y": 2, "x": 1})
    other = change("aws_lb.b", ["update"], before={"x": 1}, after={"x": 2})
    summary = summarise(parse_plan(document(back, other, drift=(by_hand, read_so))))
    assert [row.address for row in summary.drift] == ["aws_lb.a", "aws_lb.b"]
    assert [row.reason for row in summary.rows] == ["brings back what was changed outside of Terraform", ""]


def test_drift_without_a_visible_difference_is_no_drift() -> None:
    """Terraform lists resources whose refresh only normalised something; nobody can act on that."""
    same = change("aws_lb.a", ["update"], before={"x": 1}, after={"x": 1})
    assert summarise(parse_plan(document(drift=(same,)))).drift == ()


def test_the_sentence_counts_what_matters() -> None:
    """Destruction is written in capitals; data sources are not counted."""
    plan = document(
        change("aws_lb.a", ["create"]),
        change("aws_lb.b", ["delete", "create"]),
        change("aws_lb.c", ["delete"]),
        change("data.aws_vpc.d", ["read"], mode="data"),
    )
    assert summarise(parse_plan(plan)).sentence == "1 to create, 1 to REPLACE, 1 to DESTROY"
    assert summarise(parse_plan(document())).sentence == "nothing to change"


def test_what_touches_the_bill_is_pointed_out() -> None:
    """New and gone things by kind, sizes by their attributes; the rest is silent."""
    plan = document(
        change("aws_nat_gateway.n", ["create"]),
        change("aws_eip.e", ["delete"]),
        change("aws_ecs_task_definition.t", ["update"], before={"cpu": "256"}, after={"cpu": "512"}),
        change("aws_lb.l", ["update"], before={"idle_timeout": 1}, after={"idle_timeout": 2}),
    )
    assert {row.address: row.cost for row in summarise(parse_plan(plan)).rows} == {
        "aws_nat_gateway.n": "more, a NAT gateway is billed by the hour and by the GB",
        "aws_eip.e": "less, a public address is billed by the hour",
        "aws_ecs_task_definition.t": "vCPU of every task: 256 to 512",
        "aws_lb.l": "",
    }


def test_an_unknown_reason_is_told_as_terraform_names_it() -> None:
    """A newer Terraform may know more reasons."""
    assert explain_reason("replace_because_moon") == "replace because moon"
    assert explain_reason("") == ""


def said(*changes: dict[str, Any], drift: tuple[dict[str, Any], ...] = ()) -> str:
    """Return how the difference of a plan is told."""
    return name_difference(summarise(parse_plan(document(*changes, drift=drift))))


def test_a_difference_is_told_by_its_first_with_the_next_step() -> None:
    """What was changed by hand goes before what is not applied; not all of it is undone by a plan."""
    by_hand = change("aws_lb.a", ["update"], before={"x": 1}, after={"x": 2})
    back = change("aws_lb.a", ["update"], before={"x": 2}, after={"x": 1})
    other = change("aws_lb.b", ["create"], after={"x": 1})
    gone = change("aws_eip.c", ["delete"], before={"ip": "1"})
    assert said(other, back, drift=(by_hand,)) == (
        "aws_lb.a: x 1 -> 2, by hand. Run deploy-infrastructure: it brings the configuration back."
    )
    assert said(other, drift=(by_hand, gone)).startswith(
        "aws_lb.a: x 1 -> 2, by hand. 1 more. No plan undoes"
    )
    assert said(drift=(gone,)).startswith("aws_eip.c: delete, by hand.")
    assert said(other) == "aws_lb.b: x (none) -> 1, not applied yet. Run deploy-infrastructure."
    assert said() == ""


def test_outputs_alone_are_a_difference_too() -> None:
    """Other flows read them."""
    plan = {**document(), "output_changes": {"a": {"actions": ["create"]}}}
    assert name_difference(summarise(parse_plan(plan))).startswith("Outputs are not applied yet.")
