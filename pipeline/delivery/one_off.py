"""One-off tasks of a release that run a command, such as migrations."""

import time
from collections.abc import Callable
from functools import partial

from pipeline.delivery.evidence import LOG_LAG, TaskLogs
from pipeline.ecs.model import OneOffTaskError, Task
from pipeline.ecs.oneoff import OneOff, OneOffTasks, ended, failure, stopped, wait_until
from pipeline.log_cause import quote, tell

SMOKE_TEST = "smoke-test-"
"""How ``started_by`` of every smoke-test task begins."""
_STOPPABLE = (SMOKE_TEST, "smoke-command-", "static-", "survey-")
"""So begins that of tasks which change no database; an application that migrates itself can stop too."""
Whole = Callable[[tuple[str, ...]], bool]
"""Says whether all lines of an answer are there."""
_WHOLE_LAG = 30.0
"""Seconds that the whole answer of a task which has ended may take to arrive."""


def run_command(
    tasks: OneOffTasks,
    requested: OneOff,
    logs: TaskLogs,
    timeout: float,
    report: Callable[[str], None],
    warn: Callable[[str], None],
    whole: Whole | None = None,
) -> tuple[str, ...]:
    """Run ``requested.command`` to its end and return its last log lines.

    Where the lines are an answer, ``whole`` says whether all of it has arrived; it is waited for up to half
    a minute, and returned as it is then. ``warn`` hears of a failure before the log tells its cause.

    Where a run that was killed left such a task running, known by ``requested.started_by``, that one is
    awaited and no second one is started.

    Raises:
        OneOffTaskError: it did not start, did not end in ``timeout`` seconds, or ended with another exit
            code than 0; the message begins with the cause and ends with the last log lines.
    """
    task = tasks.start_or_join(requested)
    report(f"Task {task.id} runs: {_shown(requested)}")
    done = partial(ended, container=requested.container)
    task = wait_until(partial(tasks.describe, task.arn), done, timeout)
    reason = failure(task, requested.container)
    if reason is not None:
        warn(_ended_badly(task, reason))
        raise _failed(task, requested, logs, reason)
    if whole is None:
        return logs.tail(task, requested.container, patient=False)
    return _answer(task, requested.container, logs, whole, _WHOLE_LAG)


def ask_rehearsal(
    tasks: OneOffTasks,
    task: Task,
    requested: OneOff,
    logs: TaskLogs,
    timeout: float,
    warn: Callable[[str], None],
    whole: Whole,
) -> tuple[str, ...]:
    """Return the answer that ``requested`` would give, of a task that may go on as the application after it.

    Raises:
        OneOffTaskError: it ended without, as ``run_command`` has it; not where it ended badly after it.
    """
    container = requested.container

    def done(seen: Task) -> bool:
        told = seen.last_status == "RUNNING" and whole(logs.whole(seen, container))
        return told or ended(seen, container)

    task = wait_until(partial(tasks.describe, task.arn), done, timeout)
    reason = failure(task, container) if ended(task, container) else None
    if reason is not None:
        warn(_ended_badly(task, reason))
    lines = _answer(task, container, logs, whole, LOG_LAG if reason else _WHOLE_LAG)
    if reason is not None and not whole(lines):
        raise _failed(task, requested, logs, reason)
    return lines


def _shown(requested: OneOff) -> str:
    """Return the command for people, without the text of a program."""
    return " ".join("..." if "\n" in word else word for word in requested.command or ())


def _ended_badly(task: Task, reason: str) -> str:
    return f"Task {task.id} ended: {reason}. Its log is read."


def _failed(task: Task, requested: OneOff, logs: TaskLogs, reason: str) -> OneOffTaskError:
    lines = last_lines(logs, task, requested.container)
    return OneOffTaskError(
        f"{tell(lines, reason)}\n`{_shown(requested)}` failed; task {task.id} ended: {reason}. {quote(lines)}"
    )


def await_left(tasks: OneOffTasks, timeout: float, report: Callable[[str], None], *started_by: str) -> None:
    """Wait for the end, good or bad, of the tasks that runs which were killed left at work.

    Raises:
        OneOffTaskError: one did not end in ``timeout`` seconds.
    """
    for task in tasks.left_behind(*started_by):
        report(f"Task {task.id} ({task.started_by}) of an earlier run is at work; its end is awaited.")
        wait_until(partial(tasks.describe, task.arn), ended, timeout)


def stop_left(tasks: OneOffTasks, report: Callable[[str], None], *started_by: str) -> None:
    """Stop what runs that were killed left at work: nobody else would ever stop a smoke test."""
    for task in tasks.left_behind(*started_by):
        report(f"Task {task.id} ({task.started_by}) was left behind; it is stopped.")
        tasks.stop(task.arn, "The run that started it is gone")


def clear(tasks: OneOffTasks, timeout: float, report: Callable[[str], None]) -> None:
    """Stop the one-off tasks that runs which were killed left at work, and wait for those that write data.

    Raises:
        OneOffTaskError: one did not end in ``timeout`` seconds.
    """
    stop_left(tasks, report, *_STOPPABLE)
    await_left(tasks, timeout, report, *_STOPPABLE, "migrate-", "sqlite-")


def last_lines(logs: TaskLogs, task: Task, container: str) -> tuple[str, ...]:
    """Return the last words of a task, which are under way where its container has ended just now."""
    if ended(task, container) and not stopped(task):
        time.sleep(LOG_LAG)
    return logs.tail(task, container)


def _answer(task: Task, container: str, logs: TaskLogs, whole: Whole, patience: float) -> tuple[str, ...]:
    end = time.monotonic() + patience
    while True:
        lines = logs.whole(task, container)
        if whole(lines) or time.monotonic() >= end:
            return lines
        time.sleep(0.5)
