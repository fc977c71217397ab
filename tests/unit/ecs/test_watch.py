"""Watching a rollout: what is said, how often is looked, and what trouble does."""

from datetime import datetime, timedelta

import pytest
from ecs_samples import DEADLINE, ROLLOUT, START, before, done, ours, service, stopped, task

from pipeline.aws.errors import AwsError
from pipeline.clock import utc_now
from pipeline.ecs.model import Outcome, Service, Task
from pipeline.ecs.rollout import ServiceSnapshot, Verdict
from pipeline.ecs.watch import look, watch

Answer = Service | None | AwsError


class ScriptedService:
    """A service that answers in a given order, and then the last answer for ever."""

    def __init__(self, *answers: Answer, stops: tuple[Task, ...] | AwsError = ()) -> None:
        self.answers = list(answers)
        self.stops = stops
        self.asked_for: list[str] = []

    def describe(self) -> Service | None:
        """Return or raise the next answer."""
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, AwsError):
            raise answer
        return answer

    def tasks(self, status: str = "RUNNING") -> tuple[Task, ...]:
        """Return the stopped tasks."""
        self.asked_for.append(status)
        if isinstance(self.stops, AwsError):
            raise self.stops
        return self.stops


class Watching:
    """A watch whose clock is moved by sleeping alone."""

    def __init__(self, reader: ScriptedService) -> None:
        self.now = START
        self.slept: list[float] = []
        self.said: list[str] = []
        self.shares: list[float] = []
        self.warned: list[str] = []
        self.verdict = watch(
            reader,
            ROLLOUT,
            DEADLINE,
            self.said.append,
            self._sleep,
            self._clock,
            self.shares.append,
            warn=self.warned.append,
        )

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)

    def _clock(self) -> datetime:
        return self.now


THROTTLED = AwsError("Describing ECS service web: throttled")


def test_only_changes_are_reported() -> None:
    """Five looks that show two things are two lines."""
    moving, ready = service(ours(), before()), service(done())
    watched = Watching(ScriptedService(moving, moving, moving, moving, ready))
    assert watched.verdict == Verdict("2 of 2 tasks run.", ready=True, tasks=2)
    assert watched.said == ["IN_PROGRESS: 1 of 2 tasks run, 1 pending.", "2 of 2 tasks run."]
    assert len(watched.slept) == 4


def test_what_lasts_is_told_every_quarter_minute() -> None:
    """Who looks on sees that the run is alive, and how long it has waited."""
    moving, ready = service(ours(), before()), service(done())
    watched = Watching(ScriptedService(*[moving] * 28, ready))
    assert [line[:5] for line in watched.said] == ["IN_PR", "After", "After", "2 of "]
    assert watched.said[1].endswith(" s still: IN_PROGRESS: 1 of 2 tasks run, 1 pending.")


def test_a_task_that_failed_is_told_at_once() -> None:
    """Long before ECS gives the deployment up; each with its reason, and each once."""
    one, two = service(ours(failed=1), before()), service(ours(failed=2), before())
    exited = "EssentialContainerExited; Essential container in task exited; container web exited with 1"
    reader = ScriptedService(service(ours(), before()), one, one, two, service(done()))
    reader.stops = (stopped(),)
    watched = Watching(reader)
    assert watched.warned == [f"1 of its tasks failed. {exited}", f"2 of its tasks failed. {exited}"]


def test_the_share_of_running_tasks_is_told_when_it_changes() -> None:
    """Looks that fail, or show nothing new, tell nothing."""
    moving, ready = service(ours(), before()), service(done())
    watched = Watching(ScriptedService(THROTTLED, moving, THROTTLED, moving, ready))
    assert watched.shares == [0.5, 1.0]
    assert Watching(ScriptedService(None)).shares == []


def test_an_end_is_returned_at_once() -> None:
    """A service that does not exist is not looked at twice."""
    watched = Watching(ScriptedService(None))
    assert (watched.verdict.outcome, watched.slept) == (Outcome.FAILED, [])


@pytest.mark.parametrize("code", ["ExpiredTokenException", "InvalidSignatureException", "RequestExpired"])
def test_credentials_that_expire_on_the_way_end_the_watch_at_once(code: str) -> None:
    """Asking for half an hour with the same credentials would only hide that a person is needed."""
    expired = AwsError("Describing ECS service web: the credentials have expired: renew them", code)
    watched = Watching(ScriptedService(service(ours()), expired))
    assert watched.verdict.outcome is Outcome.UNKNOWN
    assert "renew them" in watched.said[-1]
    assert len(watched.slept) == 1


def test_trouble_doubles_the_interval_and_an_answer_resets_it() -> None:
    """Each failed call doubles the pause up to the slowest; the next answer brings back the pace."""
    answers = [THROTTLED] * 5 + [service(ours()), service(done())]
    watched = Watching(ScriptedService(*answers))
    expected = [2, 4, 8, 16, 20, 2]
    assert [pytest.approx(pause, rel=0.2) for pause in expected] == watched.slept
    assert watched.verdict.ready


def test_trouble_alone_ends_at_the_deadline_as_unknown() -> None:
    """Nothing but the deadline ends a watch that sees nothing."""
    watched = Watching(ScriptedService(THROTTLED))
    assert watched.verdict.outcome is Outcome.UNKNOWN
    assert watched.now >= DEADLINE
    assert "throttled" in watched.said[-1]


def test_a_rollout_that_never_ends_times_out() -> None:
    """A rollout that still moves at the deadline is out of time."""
    watched = Watching(ScriptedService(service(ours())))
    assert watched.verdict.outcome is Outcome.TIMED_OUT
    assert len(watched.slept) >= 15 * 60 / 4


def test_looks_become_rarer() -> None:
    """A watch looks after half a second, and every two once it takes long."""
    watched = Watching(ScriptedService(*[service(ours())] * 20, service(done())))
    assert watched.slept[0] == pytest.approx(0.5, rel=0.2)
    assert watched.slept[-1] == pytest.approx(2, rel=0.2)


def test_stopped_tasks_are_read_only_after_a_failure() -> None:
    """A rollout without failed tasks costs one call a look."""
    reader = ScriptedService(service(ours()))
    assert look(reader, ROLLOUT) == ServiceSnapshot(service(ours()))
    assert reader.asked_for == []


def test_stopped_tasks_of_others_are_left_out() -> None:
    """Tasks that another deployment lost say nothing about ours."""
    seen = service(ours(failed=1))
    reader = ScriptedService(seen, stops=(stopped(1), stopped(2, started_by="ecs-svc/1")))
    assert look(reader, ROLLOUT) == ServiceSnapshot(seen, (stopped(1),))
    assert reader.asked_for == ["STOPPED"]


def test_a_failed_look_is_a_look() -> None:
    """An API that fails is part of what is seen."""
    assert look(ScriptedService(THROTTLED), ROLLOUT) == ServiceSnapshot(unreachable=str(THROTTLED))


def test_stopped_tasks_that_hide_do_not_hide_the_service() -> None:
    """A refused ListTasks leaves what DescribeServices said."""
    seen = service(ours(failed=1))
    assert look(ScriptedService(seen, stops=THROTTLED), ROLLOUT) == ServiceSnapshot(seen)


def test_crash_loops_end_early() -> None:
    """Three tasks that stopped for one reason end the watch long before its deadline."""
    reader = ScriptedService(service(ours(failed=3)), stops=tuple(stopped(n) for n in range(3)))
    watched = Watching(reader)
    assert (watched.verdict.outcome, watched.slept) == (Outcome.FAILED, [])


def test_a_running_task_is_no_reason() -> None:
    """Tasks without a stop code do not end a watch."""
    reader = ScriptedService(service(ours(failed=3)), service(done()), stops=(task(1), task(2), task(3)))
    assert Watching(reader).verdict.ready


def test_the_clock_is_aware_and_utc() -> None:
    """Times are compared with ECS's, which are aware."""
    assert utc_now().utcoffset() == timedelta(0)
