"""Why a task stopped, in words that are equal for equal causes."""

import pytest
from ecs_samples import DEADLINE, ROLLOUT, START, ours, service, stopped, task

from pipeline.ecs.model import Container, Outcome
from pipeline.ecs.rollout import ServiceSnapshot, decide, failure_reason

SCHEDULER = "ServiceSchedulerInitiated"
WANTED = {
    "scaling in": (SCHEDULER, "Scaling activity initiated by (deployment ecs-svc/2)"),
    "by the scheduler, unexplained": (SCHEDULER, ""),
    "by a person": ("UserInitiated", "Deployment completed"),
    "spot capacity taken back": ("SpotInterruption", "Your Spot Task was interrupted."),
    "host retired": ("TerminationNotice", "Fargate infrastructure is retired"),
}
UNWANTED = {
    "crash": ("EssentialContainerExited", "Essential container in task exited"),
    "no start": ("TaskFailedToStart", "CannotPullContainerError: no such image"),
    "target group": (SCHEDULER, "Task failed ELB health checks in (target-group arn:aws:tg)"),
    "container health": (SCHEDULER, "Task failed container health checks"),
}


@pytest.mark.parametrize(("code", "reason"), WANTED.values(), ids=WANTED)
def test_stops_that_say_nothing_about_the_release(code: str, reason: str) -> None:
    """A stop that somebody wanted, or that the platform caused, is no failure."""
    assert failure_reason(stopped(exit_code=143, stop_code=code, stopped_reason=reason)) is None


@pytest.mark.parametrize(("code", "reason"), UNWANTED.values(), ids=UNWANTED)
def test_stops_that_speak_against_the_release(code: str, reason: str) -> None:
    """Crashes, failed starts and failed health checks are failures, with ECS's own words."""
    found = failure_reason(stopped(exit_code=None, stop_code=code, stopped_reason=reason))
    assert found == f"{code}; {reason}"


def test_containers_add_their_exit_code_and_reason() -> None:
    """Exit code and reason of each container belong to the reason; exit code 0 does not."""
    containers = (
        Container("web", "STOPPED", "", None, 137, "OutOfMemoryError: killed", ""),
        Container("sidecar", "STOPPED", "", None, 0, "", ""),
    )
    found = failure_reason(stopped(stopped_reason="", containers=containers))
    assert found == (
        "EssentialContainerExited; container web exited with 137; container web: OutOfMemoryError: killed"
    )


def test_a_task_without_any_reason_has_none() -> None:
    """A task that did not stop has no reason."""
    assert failure_reason(task()) is None


def test_a_reason_keeps_what_people_must_see() -> None:
    """Account, digest and request id stay readable: they lead to the cause."""
    reason = f"CannotPullContainerError: 123456789012.dkr.ecr/app@sha256:{'b' * 64}: not found"
    assert reason in str(failure_reason(stopped(exit_code=None, stopped_reason=reason)))


@pytest.mark.parametrize(
    "reasons",
    [
        [f"ResourceInitializationError: request id 5f2b1c{n}d-9a3e-4b1f-8c2d-0123456789ab" for n in range(3)],
        [f"Task {n:032x} could not attach its network interface eni-{n:017x}" for n in range(3)],
    ],
    ids=["request ids", "task and interface ids"],
)
def test_ids_do_not_make_reasons_different(reasons: list[str]) -> None:
    """Reasons that differ by ids alone count as one and the same."""
    stops = tuple(stopped(n, None, stopped_reason=reason) for n, reason in enumerate(reasons))
    verdict = decide(ServiceSnapshot(service(ours(failed=3)), stops), ROLLOUT, START, DEADLINE)
    assert verdict.outcome is Outcome.FAILED
