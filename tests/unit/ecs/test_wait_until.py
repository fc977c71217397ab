"""Waiting for a one-off task, by a clock of the test."""

from collections.abc import Callable, Iterator

import pytest
from ecs_samples import stopped as ended
from ecs_samples import task
from support.clock import FakeTime

from pipeline.aws.errors import AwsError
from pipeline.ecs.model import OneOffTaskError, Task, TaskUnknownError
from pipeline.ecs.oneoff import stopped, wait_until


def script(*answers: Task | Exception) -> Callable[[], Task]:
    """Return a reader that answers in this order, and then the last one for ever."""
    rest: Iterator[Task | Exception] = iter(answers)
    last = answers[-1]

    def read() -> Task:
        answer = next(rest, last)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return read


def wait(read: Callable[[], Task], timeout: float = 60, time: FakeTime | None = None) -> Task:
    """Wait for the task's end."""
    time = time or FakeTime()
    return wait_until(read, stopped, timeout, sleep=time.sleep, clock=time.clock)


def test_a_task_that_is_done_is_returned_at_once() -> None:
    """Nothing is waited for when there is nothing to wait for."""
    time = FakeTime()
    assert wait(script(ended()), time=time) == ended()
    assert time.slept == []


def test_polls_with_jitter_until_done() -> None:
    """Looks come quickly at first and then every two seconds, 20 % more or less."""
    time = FakeTime()
    assert wait(script(*[task()] * 20, ended()), time=time) == ended()
    assert time.slept[0] == pytest.approx(0.5, rel=0.2)
    assert time.slept[-1] == pytest.approx(2, rel=0.2)


def test_errors_of_the_api_are_asked_again() -> None:
    """Throttling does not end the waiting."""
    assert wait(script(AwsError("throttled"), task(), AwsError("throttled"), ended())) == ended()


def test_credentials_that_expire_end_the_waiting_at_once() -> None:
    """They do not become valid again by waiting."""
    time = FakeTime()
    with pytest.raises(AwsError, match="expired"):
        wait(script(task(), AwsError("expired", "ExpiredTokenException")), timeout=3600, time=time)
    assert len(time.slept) == 1


def test_out_of_time_names_task_and_state() -> None:
    """The message says which task is still what, after how long."""
    with pytest.raises(OneOffTaskError, match=rf"Task {1:032x} is still PENDING after 60 s"):
        wait(script(task(last_status="PENDING")))


def test_out_of_time_without_an_answer_is_the_apis_error() -> None:
    """When the API does not answer at the end, its error is the reason."""
    with pytest.raises(AwsError, match="throttled"):
        wait(script(task(), AwsError("throttled")))


def test_done_counts_even_when_the_time_is_up() -> None:
    """The last look decides before the clock does."""
    assert wait(script(ended()), timeout=0) == ended()


def test_a_task_that_was_just_started_may_be_unknown() -> None:
    """DescribeTasks may not know yet what RunTask has just answered."""
    assert wait(script(TaskUnknownError("unknown"), TaskUnknownError("unknown"), ended())) == ended()


def test_a_task_that_stays_unknown_is_an_error_long_before_the_timeout() -> None:
    """Half a minute is more than eventual consistency takes."""
    time = FakeTime()
    with pytest.raises(TaskUnknownError):
        wait(script(TaskUnknownError("unknown")), timeout=3600, time=time)
    assert 30 <= sum(time.slept) < 35
