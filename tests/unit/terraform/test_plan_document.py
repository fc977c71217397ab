"""What a plan says, without its secrets."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from plan_documents import change, document

from pipeline.terraform.attributes import AttributeChange, attribute_changes
from pipeline.terraform.document import Action, parse_plan
from pipeline.terraform.process_environment import Masker

NOBODY = Masker()


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        (["create"], Action.CREATE),
        (["read"], Action.READ),
        (["update"], Action.UPDATE),
        (["delete"], Action.DELETE),
        (["delete", "create"], Action.REPLACE),
        (["create", "delete"], Action.REPLACE),
        (["forget"], Action.FORGET),
        (["create", "forget"], Action.CREATE),
    ],
)
def test_actions_have_one_name_each(actions: list[str], expected: Action) -> None:
    """Both orders of a replacement are a replacement."""
    (found,) = parse_plan(document(change("aws_lb.a", actions))).changes
    assert found.action is expected
    assert found.destroys == (expected in {Action.DELETE, Action.REPLACE})


def test_what_does_not_change_is_left_out() -> None:
    """No-ops go; a moved or imported resource without change stays."""
    moved = {**change("aws_lb.moved", ["no-op"]), "previous_address": "aws_lb.old"}
    imported = change("aws_lb.imported", ["no-op"], importing={"id": "x"})
    plan = parse_plan(document(change("aws_lb.same", ["no-op"]), moved, imported))
    assert [item.address for item in plan.changes] == ["aws_lb.moved", "aws_lb.imported"]


CASES: list[tuple[dict[str, Any], list[tuple[str, str, str]]]] = [
    ({"before": {"a": 1, "b": 2}, "after": {"a": 1, "b": 3}}, [("b", "2", "3")]),
    ({"before": None, "after": {"a": "x"}}, [("a", "(none)", "x")]),
    ({"before": {"a": "x"}, "after": None}, [("a", "x", "(none)")]),
    (
        {"before": {"a": "x"}, "after": {}, "after_unknown": {"a": True}},
        [("a", "x", "(known after apply)")],
    ),
    (
        {"before": {"t": {"k": "1", "l": "2"}}, "after": {"t": {"k": "1", "l": "3"}}},
        [("t.l", "2", "3")],
    ),
    ({"before": {"l": ["a"]}, "after": {"l": ["a", "b"]}}, [("l.1", "(none)", "b")]),
    (
        {
            "before": {"rules": [{"port": 80}, {"port": 443}]},
            "after": {"rules": [{"port": 22}, {"port": 80}, {"port": 443}]},
            "before_sensitive": {"rules": [{"port": False}, {}]},
        },
        [("rules.0.port", "(none)", "22")],
    ),
    ({"before": {"l": ["a", "a"]}, "after": {"l": ["a"]}}, [("l.1", "a", "(none)")]),
    (
        {"before": {"p": "old"}, "after": {"p": "new"}, "after_sensitive": {"p": True}},
        [("p", "(sensitive)", "(sensitive)")],
    ),
    (
        {"before": {"p": "same"}, "after": {"p": "same"}, "before_sensitive": {"p": True}},
        [],
    ),
    (
        {"before": None, "after": {"p": "new"}, "before_sensitive": False, "after_sensitive": {"p": True}},
        [("p", "(none)", "(sensitive)")],
    ),
    (
        {"before": {"s": {"p": "x"}}, "after": {"s": {"p": "y"}}, "after_sensitive": {"s": True}},
        [("s", "(sensitive)", "(sensitive)")],
    ),
]


@pytest.mark.parametrize(("parts", "expected"), CASES)
def test_attributes_are_compared(parts: dict[str, Any], expected: list[tuple[str, str, str]]) -> None:
    """Only what changes is listed, by path, and sensitive values never."""
    found = attribute_changes({"actions": ["update"], **parts}, NOBODY)
    assert [(item.path, item.before, item.after) for item in found] == expected


def test_attributes_that_force_a_replacement_are_marked() -> None:
    """``replace_paths`` names them, nested ones included."""
    parts = {"before": {"n": {"a": 1}, "b": 1}, "after": {"n": {"a": 2}, "b": 2}, "replace_paths": [["n"]]}
    assert attribute_changes(parts, NOBODY) == (
        AttributeChange("b", "1", "2"),
        AttributeChange("n.a", "1", "2", forces_replacement=True),
    )


def test_known_secrets_are_masked() -> None:
    """Also one that Terraform does not know as such."""
    parts = {"before": {"a": "x"}, "after": {"a": "token=hidden-value"}}
    (found,) = attribute_changes(parts, Masker.of(["hidden-value"]))
    assert found.after == "token=(secret)"


def test_of_long_values_the_difference_stays() -> None:
    """What they have in common is left out, and a whole file is no value to read."""
    common = "x" * 500
    parts = {"before": {"a": f"{common}1{common}"}, "after": {"a": f"{common}2{common}"}}
    (found,) = attribute_changes(parts, NOBODY)
    around = "x" * 20
    assert (found.before, found.after) == (f"...{around}1{around}...", f"...{around}2{around}...")
    (new,) = attribute_changes({"after": {"a": "y" * 9000}}, NOBODY)
    assert new.after == f"{'y' * 1000}... (9000 characters)"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ('{"a":[1,2],"b":"s"}', '{"a":[1,3],"b":"s"}', [("p.a.1", "2", "3")]),
        (None, '{"a":{"b":1}}', [("p.a.b", "(none)", "1")]),
        ('{"a":1}', '{"a": 1}', [("p", '{"a":1}', '{"a": 1}')]),
        ("{}", "[]", [("p", "{}", "[]")]),
        ("{x", '{"a":1}', [("p", "{x", '{"a":1}')]),
    ],
)
def test_a_policy_is_compared_by_what_it_says(
    before: str | None, after: str, expected: list[tuple[str, str, str]]
) -> None:
    """Of JSON in a text one statement changes; the rest of it hides nothing. Another spelling shows whole."""
    found = attribute_changes({"before": {"p": before}, "after": {"p": after}}, NOBODY)
    assert [(item.path, item.before, item.after) for item in found] == expected


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


@example(before={}, after={"": False})
@example(before={"a": False}, after={"a": []})
@example(before={"a": [[None]]}, after={"a": 0})
@given(
    before=st.dictionaries(st.text(max_size=3), VALUES), after=st.dictionaries(st.text(max_size=3), VALUES)
)
def test_there_is_a_difference_exactly_when_there_is_one(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    """Equal sides list nothing. Whatever is listed can be shown as text."""
    found = attribute_changes({"before": before, "after": after}, NOBODY)
    assert not attribute_changes({"before": before, "after": before}, NOBODY)
    if json.dumps(_present(before), sort_keys=True) != json.dumps(_present(after), sort_keys=True):
        assert found


@given(secret=st.text(st.characters(codec="ascii", categories=["L"]), min_size=12), value=VALUES)
def test_a_sensitive_attribute_never_shows(secret: str, value: Any) -> None:
    """Whatever stood there before, neither side is shown."""
    parts = {"before": {"p": [value, secret]}, "after": {"p": secret}, "after_sensitive": {"p": True}}
    shown = [(change.before, change.after) for change in attribute_changes(parts, NOBODY)]
    assert shown == [("(sensitive)", "(sensitive)")]


def _present(value: Any) -> Any:
    # Terraform says the same by null, by nothing and by an empty block.
    if isinstance(value, dict):
        kept = {key: _present(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item not in (None, {}, [])}
    if isinstance(value, list):
        return [_present(item) for item in value if _present(item) not in (None, {}, [])]
    return value
