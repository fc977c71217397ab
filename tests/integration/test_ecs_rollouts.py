"""Rollouts and one-off tasks with real containers."""

from datetime import timedelta

import pytest
from ecs_emulator import CLUSTER, Lab, lab

from pipeline.clock import utc_now
from pipeline.delivery.model import choose_restart
from pipeline.ecs.gates import belongs, task_faults
from pipeline.ecs.model import Outcome
from pipeline.ecs.oneoff import OneOff, OneOffTasks, failure, stopped, wait_until
from pipeline.ecs.registry import TaskDefinitions
from pipeline.ecs.rollout import Verdict
from pipeline.ecs.service import EcsService
from pipeline.ecs.task_definition import RevisionRequest
from pipeline.ecs.watch import watch
from pipeline.release.model import Previous, Release, ReleaseRecord, Rollout

pytestmark = pytest.mark.docker
__all__ = ["lab"]

RUNS = "trap 'exit 0' TERM; while :; do /busybox sleep 0.2; done"
CRASHES = "/busybox echo no database; exit 3"


def serving(lab: Lab, name: str, *, rolls_back: bool = True) -> EcsService:
    """Create a service that runs well, and wait until it does."""
    definition = lab.register(name, RUNS)
    lab.serve(name, definition, rolls_back=rolls_back)
    service = EcsService(lab.access, CLUSTER, name)
    primary = service.require().primary
    assert primary is not None
    assert followed(service, rollout_of(primary.id, definition, None)).ready
    return service


def rollout_of(deployment: str, definition: str, previous: Previous | None) -> Rollout:
    """Return a rollout that begins now."""
    return Rollout(
        release=Release(name="r1", image="", digest="", task_definition=definition),
        primary_before=previous.deployment_id if previous else "",
        previous=previous,
        started_at=utc_now(),
        deployment_id=deployment,
    )


def followed(service: EcsService, rollout: Rollout) -> Verdict:
    """Watch the rollout to its end, which comes within half a minute."""
    deadline = rollout.started_at + timedelta(seconds=30)
    return watch(service, rollout, deadline, lambda _: None, warn=lambda _: None)


def moved(service: EcsService, definition: str) -> tuple[Rollout, Verdict]:
    """Move the service to a definition and watch."""
    before = service.require().primary
    assert before is not None
    deployment = service.update(definition)
    previous = Previous(deployment_id=before.id, task_definition=before.task_definition, image_digest=None)
    rollout = rollout_of(deployment.id, definition, previous)
    return rollout, followed(service, rollout)


def test_a_good_revision_becomes_ready(lab: Lab) -> None:
    """A rollout completes, and its running task has the pushed digest."""
    service = serving(lab, "good")
    revision = TaskDefinitions(lab.access).derive(
        service.require().task_definition, RevisionRequest("r2", "web", lab.image, {"RELEASE": "r2"})
    )
    rollout, verdict = moved(service, revision.arn)
    assert verdict.ready, verdict
    ours = service.require().deployment(rollout.deployment_id)
    assert ours is not None
    assert task_faults(service.tasks(), ours, lab.digest, "web") == ()


def test_a_restart_replaces_the_task_of_the_same_revision(lab: Lab) -> None:
    """New secret values need new tasks, and nothing else changes."""
    service = serving(lab, "restarted")
    before, tasks = service.require(), {task.arn for task in service.tasks()}
    primary = before.primary
    assert primary is not None
    written = primary.created_at
    record = ReleaseRecord(
        release="r1",
        outcome=Outcome.SUCCEEDED,
        message="",
        kind="deploy",
        task_definition=primary.task_definition,
        image=lab.image,
        image_digest=lab.digest,
        deployment_id=primary.id,
        started_at=written,
        ended_at=written,
    )
    assert choose_restart(before, written, [record]) is record
    deployment = service.update(primary.task_definition, force=True)
    previous = Previous(
        deployment_id=primary.id, task_definition=primary.task_definition, image_digest=lab.digest
    )
    verdict = followed(service, rollout_of(deployment.id, primary.task_definition, previous))
    assert verdict.ready, verdict
    assert deployment.id != primary.id
    ours = {task.arn for task in service.tasks() if belongs(task, deployment)}
    assert ours
    assert not ours & tasks


def test_the_same_release_is_not_registered_again(lab: Lab) -> None:
    """A second derivation finds the revision of the first, before and after the service is on it."""
    live = lab.register("once", RUNS)
    definitions = TaskDefinitions(lab.access)
    release = RevisionRequest("r1", "web", lab.image, {"RELEASE": "r1"})
    first = definitions.derive(live, release)
    again = definitions.derive(live, release)
    on_it = definitions.derive(first.arn, release)
    assert (first.created, again.created, on_it.created) == (True, False, False)
    assert first.arn == again.arn == on_it.arn
    assert on_it.is_live


def test_a_crashing_revision_is_rolled_back(lab: Lab) -> None:
    """The circuit breaker gives the service back to the revision before, and the verdict says so."""
    service = serving(lab, "crashing")
    before = service.require().task_definition
    rollout, verdict = moved(service, lab.register("crashing", CRASHES))
    assert verdict.outcome is Outcome.ROLLED_BACK, verdict
    assert service.require().task_definition == before != rollout.release.task_definition
    codes = {item.exit_code for task in service.tasks("STOPPED") for item in task.containers}
    assert 3 in codes


def test_a_missing_image_fails_with_its_reason(lab: Lab) -> None:
    """Where the breaker does not roll back the rollout fails, and its tasks say that no image was found."""
    service = serving(lab, "imageless", rolls_back=False)
    missing = lab.image.replace(lab.digest, f"sha256:{'0' * 64}")
    rollout, verdict = moved(service, lab.register("imageless", RUNS, missing))
    assert verdict.outcome is Outcome.FAILED, verdict
    stops = [
        task for task in service.tasks("STOPPED") if task.task_definition == rollout.release.task_definition
    ]
    assert {task.stop_code for task in stops} == {"TaskFailedToStart"}
    assert all("image" in str(failure(task, "web")) for task in stops)


@pytest.mark.parametrize(("script", "expected"), [("exit 0", None), ("exit 7", "exit code 7")])
def test_one_off_tasks_end_with_their_exit_code(lab: Lab, script: str, expected: str | None) -> None:
    """The command replaces the definition's, and its exit code is the judgement."""
    definition = lab.register("one-off", RUNS)
    tasks = OneOffTasks(lab.access, CLUSTER)
    command = ("/busybox", "sh", "-c", script)
    began = tasks.start(OneOff(CLUSTER, definition, "web", f"run-{script.replace(' ', '-')}", command))
    ended = wait_until(lambda: tasks.describe(began.arn), stopped, timeout=240)
    reason = failure(ended, "web")
    assert reason is None if expected is None else str(reason).startswith(expected), reason


def test_a_killed_run_finds_its_task_again(lab: Lab) -> None:
    """The key finds the task, which is joined while it runs and started again when it has ended."""
    tasks = OneOffTasks(lab.access, CLUSTER)
    requested = OneOff(CLUSTER, lab.register("again", RUNS), "web", "run-again")
    first = tasks.start_or_join(requested)
    assert tasks.start_or_join(requested).arn == first.arn
    tasks.stop(first.arn, "enough")
    wait_until(lambda: tasks.describe(first.arn), stopped, timeout=240)
    found = tasks.find("run-again")
    assert found is not None
    assert found.arn == first.arn
    assert tasks.start_or_join(requested).arn != first.arn
    assert tasks.find("run-never") is None
