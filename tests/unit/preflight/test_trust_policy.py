"""Which trust policies let ECS assume a role."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from fake_cloud import TRUST
from hypothesis import given
from hypothesis import strategies as st

from pipeline.preflight.cloud import may_assume

ECS = "ecs-tasks.amazonaws.com"


def statement(**changes: Any) -> dict[str, Any]:
    """Return the usual statement, changed."""
    return {**TRUST["Statement"][0], **changes}  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (statement(), True),
        ([statement()], True),
        ([statement(Principal={"Service": ["ec2.amazonaws.com", ECS]})], True),
        ([statement(Action=["sts:TagSession", "sts:AssumeRole"])], True),
        ([statement(Action="sts:*")], True),
        ([statement(Principal="*")], True),
        ([statement(Principal={"Service": "ec2.amazonaws.com"})], False),
        ([statement(Principal={"Service": f"not-{ECS}"})], False),
        ([statement(Principal={"AWS": f"arn:aws:iam::0:role/{ECS}"})], False),
        ([statement(Action="sts:TagSession")], False),
        ([statement(Effect="Deny")], False),
        ([statement(), statement(Effect="Deny")], False),
        ([statement(Sid=ECS, Principal={"Service": "lambda.amazonaws.com"})], False),
        ([], False),
        (None, False),
        ("", False),
        (["*"], False),
        ([statement(Principal=[{}])], False),
        ([statement(Principal={"Service": [{}, ECS]})], True),
    ],
)
def test_may_assume(statements: Any, expected: bool) -> None:
    """ECS must be allowed to assume the role, and not be denied it."""
    policy = {"Statement": statements}
    assert may_assume(policy, ECS) is expected
    assert may_assume(quote(json.dumps(policy)), ECS) is expected


@given(st.dictionaries(st.text(), st.text() | st.lists(st.dictionaries(st.text(), st.text()))))
def test_no_policy_without_the_service_lets_it_in(policy: dict[str, Any]) -> None:
    """Whatever else it says."""
    assert may_assume(policy, ECS) is False
