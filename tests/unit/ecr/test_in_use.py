"""Collecting what is in use."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError
from fake_ecr import FakeAccess, digest_of

from pipeline.ecr.in_use import collect_in_use
from pipeline.ecr.model import EcrError, ProtectedImages, Reference, parse_reference
from pipeline.outputs import Outputs

HOST = "000000000000.dkr.ecr.af-south-1.amazonaws.com"
OUTPUTS = Outputs.model_construct(
    environment="staging", cluster="c", service="s", task_family="app", repository_name="app", container="app"
)


@dataclass
class _FakeEcs:
    """Task definitions by ``FAMILY:REVISION``, newest first; answers as boto3's ECS client does."""

    definitions: dict[str, list[str]]
    deployed: list[str]
    tasks: list[dict[str, Any]] = field(default_factory=list)
    status: str = "ACTIVE"
    refuse: str = ""

    def get_paginator(self, operation: str) -> Any:
        return _Pages(self, operation)

    def describe_services(self, **_: Any) -> dict[str, Any]:
        self._refuse("describe_services")
        deployments = [{"taskDefinition": arn} for arn in self.deployed]
        return {
            "services": [
                {"status": self.status, "taskDefinition": self.deployed[0], "deployments": deployments}
            ]
        }

    def describe_task_definition(self, *, taskDefinition: str) -> dict[str, Any]:  # noqa: N803 - boto3's spelling
        self._refuse("describe_task_definition")
        images = self.definitions[taskDefinition]
        return {"taskDefinition": {"containerDefinitions": [{"image": image} for image in images]}}

    def describe_tasks(self, *, cluster: str, tasks: list[str]) -> dict[str, Any]:
        self._refuse("describe_tasks")
        assert len(tasks) <= 100
        return {"tasks": [item for item in self.tasks if item["taskArn"] in tasks]}

    def _refuse(self, operation: str) -> None:
        if operation == self.refuse:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, operation)


@dataclass
class _Pages:
    ecs: _FakeEcs
    operation: str

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        self.ecs._refuse(self.operation)
        if self.operation == "list_tasks":
            return iter([{"taskArns": [item["taskArn"]]} for item in self.ecs.tasks])
        return iter([{"taskDefinitionArns": [arn]} for arn in self.ecs.definitions])


def _collect(ecs: _FakeEcs, releases: tuple[str, ...] = (), revisions: int = 10) -> ProtectedImages:
    return collect_in_use(FakeAccess("af-south-1", prepared=ecs), OUTPUTS, releases, revisions)


def _image(name: str) -> str:
    return f"{HOST}/app@{digest_of(name)}"


def test_tasks_deployments_revisions_and_releases_are_in_use() -> None:
    """Each source counts for itself."""
    ecs = _FakeEcs(
        {"app-other:1": [_image("other")], "app:9": [_image("nine")], "app:8": [_image("eight")]},
        deployed=["app:8"],
        tasks=[
            {
                "taskArn": f"t/{n}",
                "containers": [{"image": f"{HOST}/app:v", "imageDigest": digest_of(f"task{n}")}],
            }
            for n in range(150)
        ],
    )
    found = _collect(ecs, (digest_of("good"),), revisions=1)
    tasks = {digest_of(f"task{n}") for n in range(150)}
    assert found.digests.keys() == {digest_of("nine"), digest_of("eight"), digest_of("good")} | tasks
    assert found.own_digests == found.digests.keys()
    assert found.digests[digest_of("task7")] == "task 7"


def test_a_definition_without_a_digest_protects_its_tag() -> None:
    """Terraform's first revision names a tag; another repository's tag is not ours."""
    ecs = _FakeEcs({"app:1": ["localhost:4566/app:initial", "nginx:1"]}, deployed=["app:1"])
    assert _collect(ecs).tags == {"initial": "task definition of the service (app:1)"}


def test_a_foreign_image_is_protected_but_not_expected_here() -> None:
    """A sidecar's digest is not missed in the application's repository."""
    ecs = _FakeEcs({"app:1": [f"{HOST}/proxy@{digest_of('proxy')}"]}, deployed=["app:1"])
    found = _collect(ecs)
    assert (set(found.digests), found.own_digests) == ({digest_of("proxy")}, frozenset())


@pytest.mark.parametrize(
    "operation",
    [
        "describe_services",
        "describe_task_definition",
        "describe_tasks",
        "list_tasks",
        "list_task_definitions",
    ],
)
def test_any_refusal_is_an_error_that_says_nothing_was_deleted(operation: str) -> None:
    """Half a protection is none."""
    task = {"taskArn": "t/1", "containers": []}
    ecs = _FakeEcs({"app:1": [_image("one")]}, deployed=["app:1"], tasks=[task], refuse=operation)
    with pytest.raises(EcrError, match="nothing was deleted"):
        _collect(ecs)


def test_a_service_that_does_not_exist_is_an_error() -> None:
    """Without a service there is no telling what it needs."""
    with pytest.raises(EcrError, match="does not exist"):
        _collect(_FakeEcs({"app:1": []}, deployed=["app:1"], status="INACTIVE"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nginx", Reference("", "nginx", "latest", "")),
        ("library/nginx:1", Reference("", "library/nginx", "1", "")),
        ("localhost:4566/team/app:v1", Reference("localhost:4566", "team/app", "v1", "")),
        (f"{HOST}/app@sha256:ab", Reference(HOST, "app", "", "sha256:ab")),
        (f"{HOST}/app:v1@sha256:ab", Reference(HOST, "app", "v1", "sha256:ab")),
    ],
)
def test_references_are_read_as_docker_reads_them(text: str, expected: Reference) -> None:
    """A first part with a dot or a port is the host."""
    assert parse_reference(text) == expected
