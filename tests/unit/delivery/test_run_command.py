"""Commands of the application in one-off tasks: how they end, what they answer, and those left at work."""

import time
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

import pytest

from pipeline.delivery.evidence import TaskLogs
from pipeline.delivery.one_off import ask_rehearsal, await_left, clear, run_command
from pipeline.ecs.model import Container, OneOffTaskError, Task
from pipeline.ecs.oneoff import OneOff, OneOffTasks

WANTED = OneOff("c", "td:8", "app", "survey-td-8", ("python", "-c", "first\nsecond"))
RUNNING = Task(
    arn="arn:task/c/1",
    task_definition="td:8",
    started_by="survey-td-8",
    last_status="RUNNING",
    health="UNKNOWN",
    created_at=datetime(2025, 1, 1, tzinfo=UTC),
    stop_code="",
    stopped_reason="",
    address=None,
    containers=(),
)


def ended(code: int, status: str = "STOPPED") -> Task:
    """Return the task at its end."""
    return replace(
        RUNNING,
        last_status=status,
        containers=(Container("app", "STOPPED", "i", None, code, "", "UNKNOWN"),),
    )


class FakeTasks:
    """Knows one task, which goes through the given looks."""

    def __init__(self, *looks: Task, left: tuple[Task, ...] = ()) -> None:
        self.looks = list(looks)
        self.left = left
        self.stopped: list[str] = []

    def left_behind(self, *started_by: str) -> tuple[Task, ...]:
        """Return what a run that was killed left."""
        return tuple(task for task in self.left if task.started_by.startswith(started_by))

    def stop(self, arn: str, reason: str) -> None:
        """Note that it was stopped."""
        self.stopped.append(arn)

    def start_or_join(self, requested: OneOff) -> Task:
        """Start it."""
        assert requested == WANTED
        return RUNNING

    def describe(self, arn: str) -> Task:
        """Look at it."""
        assert arn == RUNNING.arn
        return self.looks.pop(0)


class FakeLogs:
    """A log whose lines arrive bit by bit; the last state stays."""

    def __init__(self, *states: tuple[str, ...]) -> None:
        self.states = list(states)

    def whole(self, task: Task, container: str) -> tuple[str, ...]:
        """Return what is there now, and an answer's first line with it."""
        return ("head", *self.tail(task, container))

    def tail(self, task: Task, container: str, *, patient: bool = True) -> tuple[str, ...]:
        """Return what is there now."""
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]


def run(tasks: FakeTasks, logs: FakeLogs, *, answer: bool) -> tuple[tuple[str, ...], list[str]]:
    """Run the command; return its lines and what was reported."""
    said: list[str] = []
    lines = run_command(
        cast("OneOffTasks", tasks),
        WANTED,
        cast("TaskLogs", logs),
        5,
        said.append,
        said.append,
        (lambda lines: "end" in lines) if answer else None,
    )
    return lines, said


def test_an_answer_is_awaited_to_its_end() -> None:
    """Lines that CloudWatch does not show yet are asked for again, and all of them, not the last few."""
    logs = FakeLogs((), ("one",), ("one", "end"))
    lines, said = run(FakeTasks(RUNNING, ended(0)), logs, answer=True)
    assert lines == ("head", "one", "end")
    assert said == ["Task 1 runs: python -c ..."]


def test_last_lines_are_not_awaited() -> None:
    """Where nobody reads an answer out of them, what is there is enough."""
    lines, _ = run(FakeTasks(ended(0)), FakeLogs((), ("late",)), answer=False)
    assert lines == ()


def asked(tasks: FakeTasks, logs: FakeLogs) -> tuple[str, ...]:
    """Ask a rehearsal."""
    return ask_rehearsal(
        cast("OneOffTasks", tasks),
        RUNNING,
        WANTED,
        cast("TaskLogs", logs),
        5,
        lambda _: None,
        lambda lines: "end" in lines,
    )


@pytest.mark.parametrize(
    ("looks", "states"),
    [
        ((RUNNING, RUNNING), ((), ("end",), ("end",))),
        ((RUNNING, ended(0)), ((), (), ("end",))),
        ((RUNNING, ended(1)), ((), (), ("end",))),
    ],
    ids=["goes on", "has ended", "goes on and crashes"],
)
def test_a_rehearsal_is_not_awaited_beyond_its_answer(
    monkeypatch: pytest.MonkeyPatch, looks: tuple[Task, ...], states: tuple[tuple[str, ...], ...]
) -> None:
    """What it does afterwards as the application, well or not, is judged by whoever tries that."""
    monkeypatch.setattr(time, "sleep", lambda _: None)
    assert asked(FakeTasks(*looks), FakeLogs(*states)) == ("head", "end")


def test_a_rehearsal_that_cannot_answer_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a survey of its own does."""
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setattr("pipeline.delivery.one_off.LOG_LAG", 0.0)
    with pytest.raises(OneOffTaskError, match="exit code 1"):
        asked(FakeTasks(ended(1)), FakeLogs(("why",)))


ENDED = "`python -c ...` failed; task 1 ended:"


@pytest.mark.parametrize(
    ("code", "lines", "message"),
    [
        (
            1,
            ("why", "because"),
            f"because\n{ENDED} exit code 1. Its last lines:\n  why\n  because",
        ),
        (1, (), f"exit code 1\n{ENDED} exit code 1. It wrote nothing."),
        (
            137,
            ("one",),
            f"exit code 137\n{ENDED} exit code 137. Its last lines:\n  one",
        ),
        (
            1,
            ("x.ModuleNotFoundError: No module named 'cors'",),
            (
                "x.ModuleNotFoundError: No module named 'cors'\n"
                "Is cors misspelt, or missing in the image's requirements?\n"
                f"{ENDED} exit code 1. Its last lines:\n  x.ModuleNotFoundError: No module named 'cors'"
            ),
        ),
    ],
)
def test_a_failure_begins_with_its_cause(code: int, lines: tuple[str, ...], message: str) -> None:
    """No answer is waited for then, and a program in the command is left out.

    The last words of a task that was killed for its memory are no cause.
    """
    with pytest.raises(OneOffTaskError) as caught:
        run(FakeTasks(ended(code)), FakeLogs(lines), answer=True)
    assert str(caught.value) == message


@pytest.mark.parametrize("code", [0, 1])
def test_a_command_has_ended_with_its_container(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """The task is gone 20 s later, on Fargate. The last words of a failure arrive within these."""
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    tasks = FakeTasks(ended(code, "DEPROVISIONING"))
    with nullcontext() if code == 0 else pytest.raises(OneOffTaskError, match="exit code 1"):
        run(tasks, FakeLogs(("x",)), answer=False)
    assert (tasks.looks, slept) == ([], [6.0] * code)


@pytest.mark.parametrize("left", [(), (RUNNING, RUNNING)])
def test_each_task_that_was_left_at_work_is_awaited(left: tuple[Task, ...]) -> None:
    """Whoever goes on must not look at what it is about to change; how it ended is not asked."""
    said: list[str] = []
    tasks = FakeTasks(*((RUNNING, ended(1)) * len(left)), left=left)
    await_left(cast("OneOffTasks", tasks), 5, said.append, "survey-", "sqlite-")
    line = "Task 1 (survey-td-8) of an earlier run is at work; its end is awaited."
    assert (said, tasks.looks) == ([line] * len(left), [])


@pytest.mark.parametrize(
    ("started_by", "stops", "waits"),
    [
        ("smoke-test-td-8", True, True),
        ("smoke-command-td-8", True, True),
        ("static-td-8", True, True),
        ("survey-td-8", True, True),
        ("migrate-td-8", False, True),
        ("sqlite-drill-1", False, True),
        ("ecs-svc/1", False, False),
    ],
)
def test_only_what_changes_no_database_is_stopped(started_by: str, stops: bool, waits: bool) -> None:
    """The end of each is awaited; the service's own tasks are another matter."""
    said: list[str] = []
    tasks = FakeTasks(ended(1), left=(replace(RUNNING, started_by=started_by),))
    clear(cast("OneOffTasks", tasks), 5, said.append)
    assert (tasks.stopped, len(tasks.looks)) == (["arn:task/c/1"] * stops, 1 - waits)
    assert len(said) == stops + waits
