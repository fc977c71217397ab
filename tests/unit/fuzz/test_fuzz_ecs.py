"""Any answer that the service model of ECS and ELB allows is translated, whatever it leaves out."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ListShape, MapShape, Shape, StructureShape
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.ecs import translate

SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "integer": st.integers(0, 9),
    "boolean": st.booleans(),
    "double": st.floats(0, 9),
    "timestamp": st.just(datetime(2025, 3, 1, tzinfo=UTC)),
}
MANY = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@cache
def entry(service: str, operation: str, member: str) -> Shape:
    """Return the shape of one entry of an answer's list."""
    model = botocore.session.get_session().get_service_model(service).operation_model(operation)
    output = model.output_shape
    assert isinstance(output, StructureShape)
    shape = output.members[member]
    assert isinstance(shape, ListShape)
    return shape.member


def answers(shape: Shape, *always: str, depth: int = 0) -> st.SearchStrategy[Any]:
    """Return values of a shape, with these members of its outermost structure always there."""
    if isinstance(shape, StructureShape):
        present = {name: answers(shape.members[name], depth=depth + 1) for name in always}
        optional = {
            name: answers(member, depth=depth + 1)
            for name, member in shape.members.items()
            if name not in always and depth < 4
        }
        return st.fixed_dictionaries(present, optional=optional)
    if isinstance(shape, ListShape):
        return st.lists(answers(shape.member, *_identity(shape.member), depth=depth + 1), max_size=2)
    if isinstance(shape, MapShape):
        return st.dictionaries(st.text("ab", max_size=2), answers(shape.value, depth=depth + 1), max_size=1)
    return SCALARS.get(shape.type_name, st.text("abc", max_size=3))


def _identity(shape: Shape) -> tuple[str, ...]:
    return ("id", "status") if shape.name == "Deployment" else ()


@MANY
@given(answers(entry("ecs", "DescribeServices", "services"), "serviceName", "status"))
def test_any_service_is_translated(raw: dict[str, Any]) -> None:
    """Its deployments are kept in order."""
    assert [item.id for item in translate.service(raw).deployments] == [
        item["id"] for item in raw.get("deployments", [])
    ]


@MANY
@given(answers(entry("ecs", "DescribeTasks", "tasks"), "taskArn"))
def test_any_task_is_translated(raw: dict[str, Any]) -> None:
    """Its containers are kept in order."""
    assert [item.name for item in translate.task(raw).containers] == [
        item.get("name", "") for item in raw.get("containers", [])
    ]


@MANY
@given(answers(entry("elbv2", "DescribeTargetHealth", "TargetHealthDescriptions"), "Target"))
def test_any_target_is_translated(raw: dict[str, Any]) -> None:
    """Its state is kept."""
    raw["Target"].setdefault("Id", "10.0.0.1")
    assert translate.target("group", raw).state == raw.get("TargetHealth", {}).get("State", "")
