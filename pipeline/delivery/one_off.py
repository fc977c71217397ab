"""One-off tasks of a release: its smoke test outside of the service, and commands such as migrations."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from pipeline.delivery.evidence import TaskLogs
from pipeline.ecs.model import OneOffTaskError, Task
from pipeline.ecs.oneoff import OneOff, OneOffTasks, failure, stopped, wait_until
from pipeline.errors import PipelineError
from pipeline.health.answers import listens_elsewhere
from pipeline.health.model import Probe, ProbeReport
from pipeline.health.probe import probe
from pipeline.log_cause import find_error, quote, tell

_ALL_LINES = 10_000
"""As many as GetLogEvents gives at once (CloudWatch Logs API reference)."""
_LOG_LAG = 30.0
"""Seconds that the last lines of a task which has ended may take to arrive."""


def run_command(
    tasks: OneOffTasks,
    requested: OneOff,
    logs: TaskLogs,
    timeout: float,
    report: Callable[[str], None],
    whole: Callable[[tuple[str, ...]], bool] | None = None,
) -> tuple[str, ...]:
    """Run ``requested.command`` to its end and return its last log lines.

    Where the lines are an answer, ``whole`` says whether all of it has arrived; it is waited for up to half
    a minute, and returned as it is then.

    Where a run that was killed left such a task running, known by ``requested.started_by``, that one is
    awaited and no second one is started.

    Raises:
        OneOffTaskError: it did not start, did not end in ``timeout`` seconds, or ended with another exit
            code than 0; the message begins with the cause and ends with the last log lines.
    """
    command = " ".join("..." if "\n" in word else word for word in requested.command or ())
    task = tasks.start_or_join(requested)
    report(f"Task {task.id} runs: {command}")
    task = wait_until(lambda: tasks.describe(task.arn), stopped, timeout, interval=0.5)
    reason = failure(task, requested.container)
    if reason is None:
        return (
            logs.tail(task, requested.container) if whole is None else _answer(task, requested, logs, whole)
        )
    lines = logs.tail(task, requested.container)
    raise OneOffTaskError(
        f"`{command}` failed: {tell(lines, reason)}\nTask {task.id} ended: {reason}. {quote(lines)}"
    )


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
    task: Task, requested: OneOff, logs: TaskLogs, whole: Callable[[tuple[str, ...]], bool]
) -> tuple[str, ...]:
    end = time.monotonic() + _LOG_LAG
    while True:
        lines = logs.tail(task, requested.container, _ALL_LINES)
        if whole(lines) or time.monotonic() >= end:
            return lines
        time.sleep(0.5)


PREFIX = "smoke-test-"
"""How ``started_by`` of every smoke-test task begins."""
_ROUND = 3.0
"""Seconds of asking between two looks at the task."""
_PATIENCE = 15.0
"""Seconds that a task may go on answering badly after its first answer: it has started by then."""


class SmokeTestError(PipelineError):
    """The release did not become healthy in its smoke test; the service was not touched."""

    def __init__(self, message: str, task: Task | None = None) -> None:
        self.task = task
        super().__init__(message)


def run_smoke_test(
    tasks: OneOffTasks,
    requested: OneOff,
    logs: TaskLogs,
    probe_at: Callable[[str], Probe] | None,
    timeout: float,
    report: Callable[[str], None],
    port: int,
    ask: Callable[[Probe], ProbeReport] = probe,
    clock: Callable[[], float] = time.monotonic,
) -> str:
    """Start one task on the revision and wait until it is healthy; return a sentence. Always stops the task.

    Healthy is what ECS says of the container health check. Where ``probe_at`` is given (this machine
    reaches the tasks' addresses), the health path of the task's own address is asked instead. ``port`` is
    where the release should listen.

    Raises:
        SmokeTestError: the task stopped, became UNHEALTHY, kept answering badly or was not healthy in time
            (seconds). The message begins with the cause, as the log or the answers tell it, and ends with the
            last log lines.
    """
    _clear(tasks, report)
    task = tasks.start(requested)
    report(f"Smoke-test task {task.id} starts.")
    try:
        return _judge(tasks, requested, task, probe_at, timeout, ask, clock)
    except SmokeTestError as error:
        lines = logs.tail(task, requested.container)
        raise SmokeTestError(_explain(error, requested, lines, port), error.task) from error
    finally:
        tasks.stop(task.arn, "Smoke test finished")


def _explain(error: SmokeTestError, requested: OneOff, lines: Sequence[str], port: int) -> str:
    """Put the cause first: of a task that stopped its own log's, else the answer's and where it listens."""
    if error.task is not None and stopped(error.task):
        reason = _reason(error.task, requested)
        return f"The release does not start: {tell(lines, reason)}\n{error} {quote(lines)}"
    logged = find_error(lines)
    told = (
        listens_elsewhere(lines, port),
        str(error),
        f"Its log says: {logged}" if logged else "",
        quote(lines),
    )
    return "\n".join(filter(None, told))


def _clear(tasks: OneOffTasks, report: Callable[[str], None]) -> None:
    """Stop what a run that was killed left in a smoke test: nobody else would ever stop it."""
    for task in tasks.left_behind(PREFIX):
        report(f"Smoke-test task {task.id} was left behind; it is stopped.")
        tasks.stop(task.arn, "The run that tried this release is gone")


def _judge(
    tasks: OneOffTasks,
    requested: OneOff,
    task: Task,
    probe_at: Callable[[str], Probe] | None,
    timeout: float,
    ask: Callable[[Probe], ProbeReport],
    clock: Callable[[], float],
) -> str:
    began = clock()
    settled = _reachable if probe_at is not None else _health_known
    try:
        task = wait_until(lambda: tasks.describe(task.arn), settled, timeout, interval=0.5)
    except OneOffTaskError as error:
        raise SmokeTestError(f"The smoke-test task is not healthy in time: {error}", task) from error
    _refuse_stopped(task, requested)
    if task.health == "UNHEALTHY":
        raise SmokeTestError(f"Smoke-test task {task.id} is UNHEALTHY by its container health check.", task)
    if probe_at is None:
        return f"Healthy by its container health check after {clock() - began:.1f} s."
    return _probe(tasks, requested, task, probe_at(task.address or ""), ask, clock)


def _probe(
    tasks: OneOffTasks,
    requested: OneOff,
    task: Task,
    asked: Probe,
    ask: Callable[[Probe], ProbeReport],
    clock: Callable[[], float],
) -> str:
    """Ask in short rounds with a look at the task after each: one that has stopped is seen at once."""
    end = clock() + asked.window
    answering_badly = False
    while True:
        answers = ask(replace(asked, window=min(_ROUND, asked.window)))
        if answers.healthy:
            return answers.message
        _refuse_stopped(tasks.describe(task.arn), requested)
        if not answering_badly and any(reply.status is not None for reply in answers.replies):
            answering_badly, end = True, min(end, clock() + _PATIENCE)
        if clock() >= end:
            raise SmokeTestError(f"The smoke-test task does not answer as it should: {answers.message}", task)


def _refuse_stopped(task: Task, requested: OneOff) -> None:
    if stopped(task):
        raise SmokeTestError(f"Smoke-test task {task.id} stopped: {_reason(task, requested)}.", task)


def _reason(task: Task, requested: OneOff) -> str:
    return failure(task, requested.container) or "it ended by itself with exit code 0"


def _health_known(task: Task) -> bool:
    return stopped(task) or task.health in ("HEALTHY", "UNHEALTHY")


def _reachable(task: Task) -> bool:
    return stopped(task) or (task.last_status == "RUNNING" and task.address is not None)
