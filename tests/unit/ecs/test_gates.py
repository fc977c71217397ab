"""Which tasks belong to a deployment, and what is wrong with them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from ecs_samples import DIGEST, OLD, START, done, task

from pipeline.ecs.gates import belongs, count_healthy, target_faults, task_faults
from pipeline.ecs.model import Target, Task

OURS = done()
GROUP = "arn:aws:elasticloadbalancing:af-south-1:000000000000:targetgroup/web/73e2d6bc24d8a067"
EARLIER = START - timedelta(minutes=1)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(task(), True, id="started by ours"),
        pytest.param(task(started_by="ecs-svc/1"), False, id="started by another on the same definition"),
        pytest.param(task(started_by="web"), True, id="elsewhere, our definition"),
        pytest.param(task(started_by="web", task_definition=OLD), False, id="elsewhere, old definition"),
        pytest.param(task(started_by="web", created_at=EARLIER), False, id="elsewhere, from before"),
        pytest.param(task(started_by="", created_at=START), True, id="unsaid, at the very start"),
    ],
)
def test_belongs(found: Task, expected: bool) -> None:
    """The deployment's id decides; where ECS names none, the definition and the time do."""
    assert belongs(found, OURS) is expected


def test_the_right_tasks_have_no_faults() -> None:
    """As many tasks as wanted, on our image, are fine; other deployments' tasks do not matter."""
    tasks = (task(1), task(2), task(3, started_by="ecs-svc/1", health="UNHEALTHY"))
    assert task_faults(tasks, OURS, DIGEST, "web") == ()


def test_more_tasks_than_wanted_are_fine() -> None:
    """Auto scaling may add tasks during a rollout."""
    assert task_faults((task(1), task(2), task(3)), OURS, DIGEST, "web") == ()


def test_another_image_is_a_fault() -> None:
    """A tag that was pushed again shows in the digest of the running container."""
    found = task_faults((task(1), task(2)), OURS, "sha256:wanted", "web")
    assert found == tuple(f"task {n:032x} runs image {DIGEST} instead of sha256:wanted" for n in (1, 2))


def test_the_digests_of_other_containers_do_not_matter() -> None:
    """Sidecars have images of their own."""
    sidecar = replace(task().containers[0], name="sidecar", image_digest="sha256:sidecar")
    tasks = tuple(task(n, containers=(*task().containers, sidecar)) for n in (1, 2))
    assert task_faults(tasks, OURS, DIGEST, "web") == ()


def test_a_release_without_a_digest_has_nothing_to_compare() -> None:
    """Looking at whatever runs demands no image."""
    assert task_faults((task(1), task(2)), OURS, None, "web") == ()


def test_the_pinned_image_stands_in_for_a_digest_that_ecs_does_not_name() -> None:
    """A container that was started from REPOSITORY@DIGEST runs that digest."""
    unnamed = replace(task().containers[0], image_digest=None)
    assert task_faults(tuple(task(n, containers=(unnamed,)) for n in (1, 2)), OURS, DIGEST, "web") == ()


def test_the_image_of_a_pinned_index_is_no_other_image() -> None:
    """Whether ECS names the index or the image out of it, the container was started from that very digest."""
    child = replace(task().containers[0], image_digest="sha256:child")
    assert task_faults(tuple(task(n, containers=(child,)) for n in (1, 2)), OURS, DIGEST, "web") == ()


def test_a_task_of_unknown_image_is_a_fault() -> None:
    """Neither ECS nor the image's name tells what runs: that proves nothing good."""
    unknown = replace(task().containers[0], image_digest=None, image="repo:latest")
    found = task_faults((task(1), task(2, containers=(unknown,))), OURS, DIGEST, "web")
    assert found == (f"task {2:032x} runs image of an unknown digest instead of {DIGEST}",)


def test_container_health_and_definition_are_checked() -> None:
    """UNHEALTHY tasks and tasks of our deployment on another definition are faults."""
    found = task_faults((task(1, health="UNHEALTHY"), task(2, task_definition=OLD)), OURS, DIGEST, "web")
    assert found == (
        f"task {1:032x} is UNHEALTHY by its container health check",
        f"task {2:032x} runs {OLD}",
    )


def target(address: str, state: str = "healthy") -> Target:
    """Return a registered target."""
    return Target(GROUP, address, 8000, state, "Target.Timeout", "Request timed out")


def counted(*tasks: Task, **groups: tuple[Target, ...]) -> tuple[int, tuple[str, ...]]:
    """Count the healthy tasks by the targets of groups of these names."""
    return count_healthy(tasks, {f"targetgroup/{name}/1": targets for name, targets in groups.items()})


def test_healthy_everywhere() -> None:
    """A task counts that is healthy in every group; draining targets of others do not matter."""
    targets = (target("10.0.0.5"), target("10.0.0.9", "draining"))
    assert counted(task(), web=targets, other=targets) == (1, ())


def test_an_unhealthy_target_is_named_with_its_reason() -> None:
    """State, group and reason of the target are said, and speak against the release."""
    targets = (target("10.0.0.5", "unhealthy"),)
    said = ("10.0.0.5 is unhealthy in target group web (Target.Timeout Request timed out)",)
    assert counted(task(), web=targets) == (0, said)
    assert target_faults((task(),), {GROUP: targets}) == said


def test_a_target_that_is_new_does_not_count_and_is_no_fault() -> None:
    """Auto scaling adds tasks while a release is looked at; as many as were wanted are healthy without it."""
    targets = (target("10.0.0.5"), target("10.0.0.6", "initial"))
    tasks = (task(1), task(2, address="10.0.0.6"))
    assert counted(*tasks, web=targets)[0] == 1
    assert target_faults(tasks, {GROUP: targets}) == ()


def test_healthy_in_one_group_is_not_enough() -> None:
    """A task that is missing from the second target group is not healthy."""
    found = counted(task(), web=(target("10.0.0.5"),), other=())
    assert found == (0, ("10.0.0.5 is not registered in target group other",))


def test_a_task_without_an_address_does_not_count() -> None:
    """A task that no target group can know is not healthy in it."""
    assert counted(task(1, address=None), web=()) == (0, (f"task {1:032x} has no address yet",))


def test_without_target_groups_addresses_do_not_matter() -> None:
    """A service without a load balancer has no targets to check."""
    assert counted(task(1, address=None)) == (1, ())


def test_only_running_tasks_count() -> None:
    """A task that is on its way serves nobody."""
    assert counted(task(2, last_status="PENDING"), web=()) == (0, ())
