"""Commands of the application in one-off tasks: how they end, what they answer, and those left at work."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

import pytest

from pipeline.delivery.evidence import TaskLogs
from pipeline.delivery.one_off import join_command, run_command
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


def ended(code: int) -> Task:
    """Return the task at its end."""
    return replace(
        RUNNING,
        last_status="STOPPED",
        containers=(Container("app", "STOPPED", "i", None, code, "", "UNKNOWN"),),
    )


class FakeTasks:
    """Knows one task, which goes through the given looks."""

    def __init__(self, *looks: Task, found: Task | None = None) -> None:
        self.looks = list(looks)
        self.found = found

    def find(self, started_by: str) -> Task | None:
        """Return what a run that was killed left."""
        assert started_by == WANTED.started_by
        return self.found

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
        self.limits: list[int] = []

    def tail(self, task: Task, container: str, limit: int = 50) -> tuple[str, ...]:
        """Return what is there now."""
        self.limits.append(limit)
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
        (lambda lines: "end" in lines) if answer else None,
    )
    return lines, said


def test_an_answer_is_awaited_to_its_end() -> None:
    """Lines that CloudWatch does not show yet are asked for again, and all of them, not the last few."""
    logs = FakeLogs((), ("one",), ("one", "end"))
    lines, said = run(FakeTasks(RUNNING, ended(0)), logs, answer=True)
    assert lines == ("one", "end")
    assert logs.limits == [10_000] * 3
    assert said == ["Task 1 runs: python -c ..."]


def test_last_lines_are_not_awaited() -> None:
    """Where nobody reads an answer out of them, what is there is enough."""
    lines, _ = run(FakeTasks(ended(0)), FakeLogs((), ("late",)), answer=False)
    assert lines == ()


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


def test_a_task_that_was_left_at_work_is_awaited() -> None:
    """Whoever goes on must not look at what it is about to change."""
    said: list[str] = []
    tasks = FakeTasks(RUNNING, ended(1), found=RUNNING)
    joined = join_command(cast("OneOffTasks", tasks), WANTED.started_by, 5, said.append)
    assert joined == ended(1)
    assert said == ["Task 1 of an earlier run is still at work; its end is awaited."]


@pytest.mark.parametrize("found", [None, ended(0)])
def test_nothing_is_awaited_without_one(found: Task | None) -> None:
    """One that has ended is in nobody's way."""
    assert join_command(cast("OneOffTasks", FakeTasks(found=found)), WANTED.started_by, 5, print) is None
