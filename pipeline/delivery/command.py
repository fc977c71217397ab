"""Runs a command of the application (migrations, checks) as a one-off task on its own revision."""

import time
from collections.abc import Callable

from pipeline.delivery.evidence import TaskLogs
from pipeline.ecs.model import OneOffTaskError, Task
from pipeline.ecs.oneoff import OneOff, OneOffTasks, failure, stopped, wait_until

_ALL_LINES = 10_000
"""As many as GetLogEvents gives at once (CloudWatch Logs API reference)."""
_LOG_LAG = 30.0
"""Seconds that the last lines of a task which has ended may take to arrive."""


def run_command(
    tasks: OneOffTasks,
    wanted: OneOff,
    logs: TaskLogs,
    timeout: float,
    report: Callable[[str], None],
    whole: Callable[[tuple[str, ...]], bool] | None = None,
) -> tuple[str, ...]:
    """Run ``wanted.command`` to its end and return its last log lines.

    Where the lines are an answer, ``whole`` says whether all of it has arrived; it is waited for up to half
    a minute, and returned as it is then.

    Where a run that was killed left such a task running, known by ``wanted.started_by``, that one is awaited
    and no second one is started.

    Raises:
        OneOffTaskError: it did not start, did not end in ``timeout`` seconds, or ended with another exit
            code than 0; its last log lines are in the message.
    """
    command = " ".join("..." if "\n" in word else word for word in wanted.command or ())
    task = tasks.start_or_join(wanted)
    report(f"Task {task.id} runs: {command}")
    task = wait_until(lambda: tasks.describe(task.arn), stopped, timeout, interval=0.5)
    reason = failure(task, wanted.container)
    if reason is None:
        return logs.tail(task, wanted.container) if whole is None else _answer(task, wanted, logs, whole)
    lines = logs.tail(task, wanted.container)
    tail = "\n".join(f"  {line}" for line in lines)
    raise OneOffTaskError(f"`{command}` failed in task {task.id}: {reason}. Its last lines:\n{tail}")


def join_command(
    tasks: OneOffTasks, started_by: str, timeout: float, report: Callable[[str], None]
) -> Task | None:
    """Wait for the end, good or bad, of a task that a run which was killed left running; None without one."""
    task = tasks.find(started_by)
    if task is None or stopped(task):
        return None
    report(f"Task {task.id} of an earlier run is still at work; its end is awaited.")
    return wait_until(lambda: tasks.describe(task.arn), stopped, timeout, interval=0.5)


def _answer(
    task: Task, wanted: OneOff, logs: TaskLogs, whole: Callable[[tuple[str, ...]], bool]
) -> tuple[str, ...]:
    end = time.monotonic() + _LOG_LAG
    while True:
        lines = logs.tail(task, wanted.container, _ALL_LINES)
        if whole(lines) or time.monotonic() >= end:
            return lines
        time.sleep(0.5)
