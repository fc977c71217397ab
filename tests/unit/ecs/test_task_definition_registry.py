"""TaskDefinitions: what is read, compared and registered."""

from typing import Any

import pytest
from ecs_samples import FAMILY
from ecs_stubs import StubbedAccess

from pipeline.ecs.registry import TaskDefinitions
from pipeline.ecs.task_definition import RELEASE_TAG, TEMPLATE_TAG, RevisionRequest

TEMPLATE = f"{FAMILY}:1"
LIVE = f"{FAMILY}:5"
NEWEST = f"{FAMILY}:6"
RELEASE = RevisionRequest("r2", "web", "repo@new", template=TEMPLATE)
Tags = list[dict[str, str]]


def tags(release: str, template: str = TEMPLATE) -> Tags:
    """Return the tags of a revision that the pipeline made."""
    return [{"key": RELEASE_TAG, "value": release}, {"key": TEMPLATE_TAG, "value": template}]


def body(image: str) -> dict[str, Any]:
    """Return what is registered."""
    return {"family": "app", "containerDefinitions": [{"name": "web", "image": image, "environment": []}]}


def described(aws: StubbedAccess, arn: str, image: str, its_tags: Tags, status: str = "ACTIVE") -> None:
    """Script the answer to DescribeTaskDefinition."""
    definition = {**body(image), "taskDefinitionArn": arn, "revision": 1, "status": status}
    answer = {"taskDefinition": definition, "tags": its_tags}
    aws.answers("ecs", "describe_task_definition", answer, taskDefinition=arn, include=["TAGS"])


def template(aws: StubbedAccess) -> None:
    """Script the description of Terraform's revision."""
    described(aws, TEMPLATE, "repo@template", [])


def listed(aws: StubbedAccess, *arns: str) -> None:
    """Script the answer to ListTaskDefinitions."""
    answer = {"taskDefinitionArns": list(arns)}
    asked = {"familyPrefix": "app", "sort": "DESC", "maxResults": 10}
    aws.answers("ecs", "list_task_definitions", answer, **asked)


def registered(aws: StubbedAccess) -> None:
    """Script the registration of the release."""
    answer = {"taskDefinition": {"taskDefinitionArn": f"{FAMILY}:7"}}
    aws.answers("ecs", "register_task_definition", answer, **body("repo@new"), tags=tags("r2"))


@pytest.fixture
def definitions(aws: StubbedAccess) -> TaskDefinitions:
    """Task definitions behind a script."""
    return TaskDefinitions(aws)


def test_a_release_is_registered_from_terraforms_revision(
    aws: StubbedAccess, definitions: TaskDefinitions
) -> None:
    """Without an equal revision a new one is made, and both are kept for a diff."""
    described(aws, LIVE, "repo@old", tags("r1"))
    template(aws)
    listed(aws, LIVE)
    registered(aws)
    found = definitions.derive(LIVE, RELEASE)
    assert (found.arn, found.created, found.live_arn, found.is_live) == (f"{FAMILY}:7", True, LIVE, False)
    assert found.live == {**body("repo@old"), "tags": tags("r1")}
    assert found.requested == {**body("repo@new"), "tags": tags("r2")}


def test_the_live_revision_serves_when_it_is_equal(aws: StubbedAccess, definitions: TaskDefinitions) -> None:
    """A release that runs already registers nothing."""
    described(aws, LIVE, "repo@new", list(reversed(tags("r2"))))
    template(aws)
    found = definitions.derive(LIVE, RELEASE)
    assert (found.arn, found.created, found.is_live) == (LIVE, False, True)


def test_the_revision_of_a_killed_run_is_found_again(
    aws: StubbedAccess, definitions: TaskDefinitions
) -> None:
    """The newest revision of the family serves; one of a family with a longer name does not count."""
    described(aws, LIVE, "repo@old", tags("r1"))
    template(aws)
    listed(aws, f"{FAMILY}-worker:9", NEWEST, LIVE)
    described(aws, NEWEST, "repo@new", tags("r2"))
    found = definitions.derive(LIVE, RELEASE)
    assert (found.arn, found.created, found.is_live) == (NEWEST, False, False)


def test_another_newest_revision_does_not_serve(aws: StubbedAccess, definitions: TaskDefinitions) -> None:
    """A newest revision of another release leads to a registration."""
    described(aws, LIVE, "repo@old", tags("r1"))
    template(aws)
    listed(aws, NEWEST)
    described(aws, NEWEST, "repo@other", tags("r3"))
    registered(aws)
    assert definitions.derive(LIVE, RELEASE).created


def test_without_terraforms_revision_the_live_one_is_the_base(
    aws: StubbedAccess, definitions: TaskDefinitions
) -> None:
    """Outputs of an earlier version do not name it; nor is it described twice where it is live."""
    described(aws, LIVE, "repo@new", tags("r2"))
    assert definitions.derive(LIVE, RevisionRequest("r2", "web", "repo@new")).is_live
    described(aws, TEMPLATE, "repo@new", tags("r2"))
    assert definitions.derive(TEMPLATE, RELEASE).is_live


def test_is_active(aws: StubbedAccess, definitions: TaskDefinitions) -> None:
    """A deregistered revision cannot be moved to."""
    described(aws, LIVE, "repo", [])
    described(aws, LIVE, "repo", [], "INACTIVE")
    assert definitions.is_active(LIVE)
    assert not definitions.is_active(LIVE)
