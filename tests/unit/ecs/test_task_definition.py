"""The next revision loses nothing and changes only what a release changes."""

from copy import deepcopy
from datetime import UTC, datetime
from functools import cache
from typing import Any

import botocore.session
import pytest
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ecs.model import EcsError
from pipeline.ecs.task_definition import (
    RELEASE_TAG,
    TEMPLATE_TAG,
    RevisionRequest,
    canonical,
    differences,
    next_revision,
    same,
    to_request,
)

IMAGE = "repo@sha256:new"


@cache
def operation(name: str) -> OperationModel:
    """Return an operation of botocore's ECS model."""
    return botocore.session.get_session().get_service_model("ecs").operation_model(name)


def members(shape: Shape) -> dict[str, Shape]:
    """Return the members of a structure."""
    assert isinstance(shape, StructureShape)
    return dict(shape.members)


ACCEPTED = tuple(members(operation("RegisterTaskDefinition").input_shape))
DESCRIBED = members(members(operation("DescribeTaskDefinition").output_shape)["taskDefinition"])
SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "string": st.text("abc", min_size=1, max_size=3),
    "integer": st.integers(1, 9),
    "boolean": st.booleans(),
    "timestamp": st.just(datetime(2025, 3, 1, tzinfo=UTC)),
}


def values(shape: Shape) -> st.SearchStrategy[Any]:
    """Return every value that the service model allows for a shape, optional members present or not."""
    if isinstance(shape, StructureShape):
        optional = {name: values(member) for name, member in shape.members.items()}
        return st.fixed_dictionaries({}, optional=optional)
    if isinstance(shape, ListShape):
        return st.lists(values(shape.member), min_size=1, max_size=1)
    if isinstance(shape, MapShape):
        return st.dictionaries(st.text("abc", min_size=1, max_size=2), values(shape.value), max_size=1)
    return SCALARS[shape.type_name]


PAIRS = {"environment": ("name", "value"), "tags": ("key", "value")}


def definition(**container: Any) -> dict[str, Any]:
    """Return a small definition with one container."""
    return {
        "family": "app",
        "containerDefinitions": [{"name": "web", "image": "repo@sha256:old", **container}],
    }


def pairs(kind: str, **items: str) -> list[dict[str, str]]:
    """Return a list of ECS's name and value (or key and value) objects."""
    name, value = PAIRS[kind]
    return [{name: key, value: item} for key, item in items.items()]


@settings(max_examples=20)
@given(st.fixed_dictionaries({name: values(shape) for name, shape in DESCRIBED.items()}))
def test_every_registrable_field_survives(described: dict[str, Any]) -> None:
    """What DescribeTaskDefinition returns and RegisterTaskDefinition takes is kept unchanged."""
    expected = {key: value for key, value in described.items() if key in ACCEPTED}
    assert to_request(described, [], ACCEPTED) == expected


@settings(max_examples=20)
@given(st.fixed_dictionaries({name: values(shape) for name, shape in DESCRIBED.items()}))
def test_the_next_revision_keeps_every_other_field(described: dict[str, Any]) -> None:
    """Beyond image, environment, tags and the start nothing changes, in no container, in no other field."""
    main = {**described["containerDefinitions"][0], "name": "web", "environment": pairs("environment", A="1")}
    main.pop("entryPoint", None)
    others = [{**item, "name": "sidecar"} for item in described["containerDefinitions"]]
    described = {**described, "containerDefinitions": [*others, main]}
    base = to_request(described, [], ACCEPTED)
    untouched = deepcopy(base)
    found = next_revision(base, RevisionRequest("r", "web", IMAGE, {"B": "2"}))
    changed = {**main, "image": IMAGE, "environment": pairs("environment", A="1", B="2")}
    assert found.pop("tags") == [{"key": RELEASE_TAG, "value": "r"}]
    assert found == {**untouched, "containerDefinitions": [*others, changed]}
    assert base == untouched


def test_what_only_the_answer_holds_is_dropped() -> None:
    """Revision, status and the like cannot be registered."""
    assert set(DESCRIBED) - set(ACCEPTED) >= {"taskDefinitionArn", "revision", "status", "registeredAt"}
    described = dict.fromkeys(DESCRIBED, "x")
    assert set(to_request(described, [], ACCEPTED)) == set(DESCRIBED) & set(ACCEPTED)


def test_a_field_that_aws_adds_is_kept() -> None:
    """The service model decides which fields exist, not this project."""
    described = {"family": "app", "quantum": True}
    assert to_request(described, [], [*ACCEPTED, "quantum"]) == described


def test_tags_are_kept_but_not_aws_own() -> None:
    """Tags of the reserved prefix cannot be written."""
    tags = [{"key": "team", "value": "pay"}, {"key": "aws:cloudformation:stack", "value": "s"}]
    assert to_request({"family": "app"}, tags, ACCEPTED) == {"family": "app", "tags": [tags[0]]}
    assert to_request({"family": "app"}, tags[1:], ACCEPTED) == {"family": "app"}


def test_a_release_sets_image_environment_and_tags() -> None:
    """New variables join the present ones and win over them; tags name release and template."""
    base = {
        **definition(environment=pairs("environment", RELEASE="1", DEBUG="0")),
        "tags": pairs("tags", a="b"),
    }
    found = next_revision(base, RevisionRequest("2", "web", IMAGE, {"RELEASE": "2"}, template="arn:td:3"))
    assert found == {
        "family": "app",
        "containerDefinitions": [
            {"name": "web", "image": IMAGE, "environment": pairs("environment", DEBUG="0", RELEASE="2")}
        ],
        "tags": pairs("tags", a="b", **{RELEASE_TAG: "2", TEMPLATE_TAG: "arn:td:3"}),
    }


def test_a_base_that_has_template_keeps_it() -> None:
    """A release that names no template stays on the one of its base."""
    base = {**definition(), "tags": pairs("tags", **{TEMPLATE_TAG: "arn:td:3"})}
    found = next_revision(base, RevisionRequest("2", "web", IMAGE))
    assert {"key": TEMPLATE_TAG, "value": "arn:td:3"} in found["tags"]


def test_a_missing_container_is_named() -> None:
    """The error names the container, those that exist, and what to do."""
    with pytest.raises(EcsError, match=r"app has no container 'api', only \['web'\].*deploy-infrastructure"):
        next_revision(definition(), RevisionRequest("2", "api", IMAGE))


STARTS = {
    "as the image says": ({}, RevisionRequest("2", "web", IMAGE), {}),
    "a command of its own": (
        {"command": ["serve"]},
        RevisionRequest("2", "web", IMAGE, command=("x",)),
        {"command": ["serve"]},
    ),
    "an entry point of the image": (
        {},
        RevisionRequest("2", "web", IMAGE, entrypoint=("/start.sh",), command=("serve", "--all")),
        {"entryPoint": ["/usr/bin/env"], "command": ["/start.sh", "serve", "--all"]},
    ),
    "an entry point of the image, a command of its own": (
        {"command": ["serve"]},
        RevisionRequest("2", "web", IMAGE, entrypoint=("/start.sh",), command=("x",)),
        {"entryPoint": ["/usr/bin/env"], "command": ["/start.sh", "serve"]},
    ),
    "an entry point of its own takes the image's command away": (
        {"entryPoint": ["sh", "-c"]},
        RevisionRequest("2", "web", IMAGE, entrypoint=("/start.sh",), command=("x",)),
        {"entryPoint": ["/usr/bin/env"], "command": ["sh", "-c"]},
    ),
}


@pytest.mark.parametrize(("given", "release", "expected"), STARTS.values(), ids=STARTS.keys())
def test_one_off_commands_replace_all_that_is_started(
    given: dict[str, Any], release: RevisionRequest, expected: dict[str, Any]
) -> None:
    """RunTask replaces a command and no entry point, so there is none but ``env``."""
    (container,) = next_revision(definition(**given), release)["containerDefinitions"]
    assert {key: container[key] for key in ("entryPoint", "command") if key in container} == expected


EQUAL = {
    "order of environment": (
        {"environment": pairs("environment", A="1", B="2")},
        {"environment": pairs("environment", B="2", A="1")},
    ),
    "order of secrets": (
        {"secrets": [{"name": "A", "valueFrom": "x"}, {"name": "B", "valueFrom": "y"}]},
        {"secrets": [{"name": "B", "valueFrom": "y"}, {"name": "A", "valueFrom": "x"}]},
    ),
    "empty and absent lists": ({"mountPoints": [], "cpu": 0}, {"cpu": 0}),
}
DIFFERENT = {
    "a variable's value": (
        {"environment": pairs("environment", A="1")},
        {"environment": pairs("environment", A="2")},
    ),
    "an empty variable and none": ({"environment": pairs("environment", A="")}, {}),
    "order of the command": ({"command": ["a", "b"]}, {"command": ["b", "a"]}),
    "false and absent": ({"essential": False}, {}),
    "zero and absent": ({"cpu": 0}, {}),
}


@pytest.mark.parametrize(("first", "second"), EQUAL.values(), ids=EQUAL)
def test_same(first: dict[str, Any], second: dict[str, Any]) -> None:
    """ECS may answer sets in any order and leave out what is empty."""
    assert same(definition(**first), definition(**second))


@pytest.mark.parametrize(("first", "second"), DIFFERENT.values(), ids=DIFFERENT)
def test_not_same(first: dict[str, Any], second: dict[str, Any]) -> None:
    """What changes the containers' behaviour is never taken for equal."""
    assert not same(definition(**first), definition(**second))


@given(st.permutations(pairs("tags", a="1", b="2", c="3")))
def test_the_order_of_tags_never_counts(tags: list[dict[str, str]]) -> None:
    """Any order of the same tags is the same definition."""
    assert canonical({"family": "app", "tags": tags}) == canonical(
        {"family": "app", "tags": pairs("tags", a="1", b="2", c="3")}
    )


def test_canonical_diffs_line_by_line() -> None:
    """One changed value is one changed line."""
    first = canonical(definition(environment=pairs("environment", A="1", B="2"))).splitlines()
    second = canonical(definition(environment=pairs("environment", A="1", B="3"))).splitlines()
    assert len(set(first) ^ set(second)) == 2


def test_differences_show_only_what_changes() -> None:
    """One line goes and one comes where a value changes; equal definitions have nothing to show."""
    live = {"family": "app", "tags": [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}], "cpu": "256"}
    release = {**live, "cpu": "512", "tags": list(reversed(live["tags"]))}
    found = differences(live, release)
    assert [line for line in found[2:] if line[0] in "+-"] == ['-  "cpu": "256",', '+  "cpu": "512",']
    assert differences(live, dict(live)) == ()
