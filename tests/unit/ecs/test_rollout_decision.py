"""The rollout algorithm, case by case."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from ecs_samples import DEADLINE, NEW, OLD, OTHER, ROLLOUT, START, before, done, ours, service, stopped

from pipeline.ecs.model import Outcome, Service, ServiceEvent, Task
from pipeline.ecs.rollout import SETTLING, VISIBILITY, ServiceSnapshot, Verdict, decide
from pipeline.release.model import Rollout

SECOND = timedelta(seconds=1)
SOON = START + 5 * SECOND
LATER = START + VISIBILITY
LATE = DEADLINE


def judged(
    found: Service | None,
    now: datetime = LATER,
    stops: tuple[Task, ...] = (),
    rollout: Rollout = ROLLOUT,
    deadline: datetime = DEADLINE,
) -> tuple[Outcome | None, bool]:
    """Return outcome and readiness of one look."""
    verdict = decide(ServiceSnapshot(found, stops), rollout, now, deadline)
    return verdict.outcome, verdict.ready


WAIT = (None, False)
READY = (None, True)
FAILED = (Outcome.FAILED, False)
ROLLED_BACK = (Outcome.ROLLED_BACK, False)
SUPERSEDED = (Outcome.SUPERSEDED, False)
TIMED_OUT = (Outcome.TIMED_OUT, False)

back = before(status="PRIMARY")
returning = before(status="PRIMARY", rollout_state="IN_PROGRESS", running=1)
stuck = before(status="PRIMARY", rollout_state="FAILED", rollout_reason="no room")
broken = ours(rollout_state="FAILED", rollout_reason="tasks failed to start", failed=3)
alien = before(id="ecs-svc/3", status="PRIMARY", task_definition=OTHER)
TOLD = ServiceEvent("1", START, "(service web) (deployment ecs-svc/2) deployment failed: no task starts.")

SERVICE_GONE = {
    "missing": (None, SOON, FAILED),
    "missing after the deadline": (None, LATE, FAILED),
    "inactive": (service(done(), status="INACTIVE"), SOON, FAILED),
    "draining": (service(done(), status="DRAINING"), SOON, FAILED),
}
NOT_OURS = {
    "absent at first": (service(back), SOON, WAIT),
    "absent just before the limit of visibility": (service(back), LATER - SECOND, WAIT),
    "absent later, previous PRIMARY and complete": (service(back), LATER, ROLLED_BACK),
    "absent later, previous PRIMARY and moving": (service(returning), LATER, WAIT),
    "absent later, previous PRIMARY but short of tasks": (
        service(before(status="PRIMARY", running=1)),
        LATER,
        WAIT,
    ),
    "absent later, previous PRIMARY and failed too": (service(stuck), LATER, FAILED),
    "absent later, another PRIMARY": (service(alien), LATER, SUPERSEDED),
    "absent later, previous definition under a new id": (
        service(replace(back, id="ecs-svc/9")),
        LATER,
        ROLLED_BACK,
    ),
    "absent later, nothing PRIMARY": (service(before()), LATER, WAIT),
    "absent later, nothing listed": (service(), LATER, WAIT),
    "nothing PRIMARY until the deadline": (service(), LATE, TIMED_OUT),
    "listed but replaced, at once": (service(ours(status="ACTIVE"), alien), SOON, SUPERSEDED),
    "listed but rolled back, at once": (service(replace(broken, status="ACTIVE"), back), SOON, ROLLED_BACK),
    "listed and failed, back to one that is older still": (
        service(replace(broken, status="ACTIVE"), alien, breaker_rolls_back=True),
        SOON,
        ROLLED_BACK,
    ),
    "no longer listed, and the events say that it failed": (
        service(alien, breaker_rolls_back=True, events=(TOLD,)),
        LATER,
        ROLLED_BACK,
    ),
    "listed, rollback moving": (service(replace(broken, status="ACTIVE"), returning), SOON, WAIT),
    "rollback still moving at the deadline proves the failure": (
        service(replace(broken, status="ACTIVE"), returning),
        LATE,
        FAILED,
    ),
    "rolled back, seen after the deadline": (service(back), LATE, ROLLED_BACK),
    "superseded, seen after the deadline": (service(alien), LATE, SUPERSEDED),
}
OURS = {
    "moving": (service(ours(), before()), SOON, WAIT),
    "no state reported": (service(ours(rollout_state="")), SOON, WAIT),
    "moving at the deadline": (service(ours(), before()), LATE, TIMED_OUT),
    "moving a second before the deadline": (service(ours()), LATE - SECOND, WAIT),
    "complete": (service(done()), SOON, READY),
    "complete with more tasks than wanted": (service(done(running=3)), SOON, READY),
    "complete after the deadline": (service(done()), LATE, READY),
    "COMPLETED but short of tasks": (service(done(running=1)), SOON, WAIT),
    "COMPLETED but with pending tasks": (service(done(pending=1)), SOON, WAIT),
    "all tasks run but not COMPLETED": (service(done(rollout_state="IN_PROGRESS")), SOON, READY),
    "all tasks run, alarms": (service(done(rollout_state="IN_PROGRESS"), alarms=("5xx",)), SOON, READY),
    "all tasks run but not COMPLETED, an old one runs": (
        service(done(rollout_state="IN_PROGRESS"), before(running=1), alarms=("5xx",)),
        SOON,
        WAIT,
    ),
    "complete, the old one drains": (service(done(), before(running=2)), SOON, READY),
    "complete, an old FAILED one is listed for ever": (
        service(done(), before(rollout_state="FAILED", running=0)),
        SOON,
        READY,
    ),
    "complete, the service's own count moved by auto scaling": (service(done(), desired=6), SOON, READY),
    "FAILED, no breaker": (service(broken, before()), SOON, FAILED),
    "FAILED, breaker rolls back": (service(broken, before(), breaker_rolls_back=True), SOON, WAIT),
    "FAILED, breaker rolls back, settling for too long": (
        service(broken, before(), breaker_rolls_back=True),
        START + SETTLING,
        FAILED,
    ),
    "FAILED at the deadline is FAILED although ECS has not rolled back": (
        service(replace(broken, updated_at=DEADLINE), before(), breaker_rolls_back=True),
        LATE,
        FAILED,
    ),
}


@pytest.mark.parametrize(
    ("found", "now", "expected"),
    [pytest.param(*case, id=name) for name, case in (SERVICE_GONE | NOT_OURS | OURS).items()],
)
def test_a_look_at_the_service(
    found: Service | None, now: datetime, expected: tuple[Outcome | None, bool]
) -> None:
    """Every case of the design has its verdict."""
    assert judged(found, now) == expected


def test_a_failed_first_deployment_waits_for_no_rollback() -> None:
    """Without a predecessor there is nothing that ECS could roll back to."""
    first = ROLLOUT.model_copy(update={"previous": None})
    assert judged(service(broken, breaker_rolls_back=True), SOON, rollout=first) == FAILED


def test_completed_alone_counts_where_it_is_waited_for() -> None:
    """Until then ECS may take the deployment back."""
    for found, ready in ((done(rollout_state="IN_PROGRESS"), False), (done(), True)):
        snapshot = ServiceSnapshot(service(found))
        assert decide(snapshot, ROLLOUT, SOON, DEADLINE, completed=True).ready is ready


def test_a_first_deployment_that_ecs_took_back_has_failed() -> None:
    """Terraform's own definition is no release, and nobody else's deployment."""
    first = ROLLOUT.model_copy(update={"previous": None, "definition_before": OLD})
    assert judged(service(back), rollout=first) == FAILED


def test_another_primary_without_a_predecessor_is_no_rollback() -> None:
    """Only the previous task definition can be rolled back to."""
    first = ROLLOUT.model_copy(update={"previous": None})
    assert judged(service(back), rollout=first) == SUPERSEDED


def test_a_failed_rollback_says_both() -> None:
    """The message of a failed rollback names our reason and the rollback's."""
    verdict = decide(
        ServiceSnapshot(service(replace(broken, status="ACTIVE"), stuck)), ROLLOUT, LATER, DEADLINE
    )
    assert "tasks failed to start" in verdict.message
    assert "app:7: no room" in verdict.message


def test_a_rollback_says_why_and_to_what() -> None:
    """The message of a rollback names the reason and the revision that runs again."""
    verdict = decide(
        ServiceSnapshot(service(replace(broken, status="ACTIVE"), back)), ROLLOUT, LATER, DEADLINE
    )
    assert verdict == Verdict(
        "The deployment failed: tasks failed to start; ECS rolled back to app:7.", Outcome.ROLLED_BACK
    )


def test_a_failure_without_a_reason_says_so() -> None:
    """An empty rolloutStateReason does not end in an empty sentence."""
    verdict = decide(ServiceSnapshot(service(ours(rollout_state="FAILED"))), ROLLOUT, SOON, DEADLINE)
    assert verdict.message == "The deployment failed: ECS gave no reason"


def test_superseded_names_who_took_the_place() -> None:
    """The message names the deployment and revision that replaced ours."""
    verdict = decide(ServiceSnapshot(service(alien)), ROLLOUT, LATER, DEADLINE)
    assert "ecs-svc/3" in verdict.message
    assert "app:9" in verdict.message


FORCED = ROLLOUT.model_copy(update={"release": ROLLOUT.release.model_copy(update={"task_definition": OLD})})


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(service(done(task_definition=OLD), before()), READY, id="complete"),
        pytest.param(service(replace(back, id="ecs-svc/9")), SUPERSEDED, id="forced again by somebody else"),
        pytest.param(
            service(replace(broken, status="ACTIVE", task_definition=OLD), back),
            ROLLED_BACK,
            id="rolled back",
        ),
        pytest.param(service(back), ROLLED_BACK, id="the very deployment of before is PRIMARY again"),
    ],
)
def test_a_new_deployment_of_the_same_definition(
    found: Service, expected: tuple[Outcome | None, bool]
) -> None:
    """With one task definition on both sides, ids and states tell a rollback from a successor."""
    assert judged(found, rollout=FORCED) == expected


def test_unreachable_before_the_deadline_decides_nothing() -> None:
    """Throttling and network errors never decide."""
    verdict = decide(ServiceSnapshot(unreachable="timeout"), ROLLOUT, LATE - SECOND, DEADLINE)
    assert (verdict.outcome, verdict.ready) == WAIT
    assert "timeout" in verdict.message


def test_unreachable_at_the_deadline_is_unknown() -> None:
    """Nobody knows how a rollout ended that could not be seen."""
    verdict = decide(ServiceSnapshot(unreachable="timeout"), ROLLOUT, LATE, DEADLINE)
    assert (verdict.outcome, verdict.ready) == (Outcome.UNKNOWN, False)
    assert "timeout" in verdict.message


def crashes(*codes: int) -> tuple[Task, ...]:
    """Return stopped tasks that ended with these exit codes."""
    return tuple(stopped(number, code) for number, code in enumerate(codes))


scaled = {
    "stop_code": "ServiceSchedulerInitiated",
    "stopped_reason": "Scaling activity initiated by (deployment ecs-svc/2)",
}
REPEATS = {
    "three for one reason": (crashes(1, 1, 1), FAILED),
    "two for one reason": (crashes(1, 1), WAIT),
    "three for different reasons": (crashes(1, 2, 3), WAIT),
    "three wanted stops": (tuple(stopped(n, 0, **scaled) for n in range(3)), WAIT),
    "three of five for one reason": (crashes(1, 2, 1, 3, 1), FAILED),
}


@pytest.mark.parametrize(("stops", "expected"), REPEATS.values(), ids=REPEATS)
def test_repeated_stops(stops: tuple[Task, ...], expected: tuple[Outcome | None, bool]) -> None:
    """Only several unwanted stops for one and the same reason end a rollout early."""
    assert judged(service(ours(failed=5), before()), SOON, stops) == expected


def test_repeated_stops_do_not_matter_once_complete() -> None:
    """Tasks that stopped on the way do not undo a completed rollout."""
    assert judged(service(done(failed=3)), SOON, crashes(1, 1, 1)) == READY


def test_the_breaker_speaks_before_repeated_stops_do() -> None:
    """A third stop listed before ECS counted it waits for the breaker, whose least limit is three too."""
    rolls_back = service(ours(failed=2), before(), breaker_rolls_back=True)
    assert judged(rolls_back, SOON, crashes(1, 1, 1)) == WAIT


def test_repeated_stops_name_the_reason() -> None:
    """The message of an early failure holds the count and the reason."""
    verdict = decide(ServiceSnapshot(service(ours(failed=3)), crashes(7, 7, 7)), ROLLOUT, SOON, DEADLINE)
    assert "3 tasks" in verdict.message
    assert "container web exited with 7" in verdict.message


def test_progress_counts_our_tasks_and_failures() -> None:
    """What is said on the way are the deployment's own counts."""
    verdict = decide(ServiceSnapshot(service(ours(failed=1))), ROLLOUT, SOON, DEADLINE)
    assert verdict.message == "IN_PROGRESS: 1 of 2 tasks run, 1 pending, 1 failed."


def test_a_timeout_says_what_was_seen_last() -> None:
    """The message of a timeout ends with the last progress."""
    verdict = decide(ServiceSnapshot(service(ours())), ROLLOUT, LATE, DEADLINE)
    assert verdict.message == "Out of time: IN_PROGRESS: 1 of 2 tasks run, 1 pending."


def test_not_listed_yet_proves_no_failure_at_the_deadline() -> None:
    """A deadline within the time of eventual consistency is a timeout, not a failure."""
    assert judged(service(back), SOON, deadline=SOON) == TIMED_OUT


def test_a_definition_of_ours_is_no_rollback() -> None:
    """A second deployment of our own definition supersedes ours: it is somebody else's."""
    assert judged(service(replace(back, id="ecs-svc/3", task_definition=NEW))) == SUPERSEDED
