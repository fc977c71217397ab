"""Runs a command of the application (migrations, checks) as a one-off task on its own revision."""

from collections.abc import Callable

from pipeline.delivery.task_logs import TaskLogs
from pipeline.ecs.errors import OneOffTaskError
from pipeline.ecs.oneoff import OneOff, OneOffTasks, failure, stopped, wait_until


def run_command(
    tasks: OneOffTasks,
    wanted: OneOff,
    logs: TaskLogs,
    timeout: float,
    report: Callable[[str], None],
) -> tuple[str, ...]:
    """Run ``wanted.command`` to its end and return its last log lines.

    Where a run that was killed left such a task running, known by ``wanted.started_by``, that one is awaited
    and no second one is started.

    Raises:
        OneOffTaskError: it did not start, did not end in ``timeout`` seconds, or ended with another exit
            code than 0; its last log lines are in the message.
    """
    command = " ".join(wanted.command or ())
    task = tasks.start_or_join(wanted)
    report(f"Task {task.id} runs: {command}")
    task = wait_until(lambda: tasks.describe(task.arn), stopped, timeout, interval=0.5)
    lines = logs.tail(task, wanted.container)
    reason = failure(task, wanted.container)
    if reason is None:
        return lines
    tail = "\n".join(f"  {line}" for line in lines)
    raise OneOffTaskError(f"`{command}` failed in task {task.id}: {reason}. Its last lines:\n{tail}")
