"""Tries a release as one task outside the service, so that a broken one never takes its place."""

import time
from collections.abc import Callable

from pipeline.ecs.errors import OneOffTaskError
from pipeline.ecs.model import Task
from pipeline.ecs.oneoff import OneOff, OneOffTasks, failure, stopped, wait_until
from pipeline.errors import PipelineError
from pipeline.health import Probe, ProbeReport, probe


class TrialError(PipelineError):
    """The release did not become healthy in its trial; the service was not touched."""

    def __init__(self, message: str, task: Task | None = None) -> None:
        self.task = task
        super().__init__(message)


def run_trial(
    tasks: OneOffTasks,
    wanted: OneOff,
    probe_at: Callable[[str], Probe] | None,
    timeout: float,
    report: Callable[[str], None],
    ask: Callable[[Probe], ProbeReport] = probe,
) -> str:
    """Start one task on the revision and wait until it is healthy; return a sentence. Always stops the task.

    Healthy is what ECS says of the container health check. Where ``probe_at`` is given (this machine
    reaches the tasks' addresses), the health path of the task's own address is asked instead.

    Raises:
        TrialError: the task stopped, became UNHEALTHY or was not healthy in time (seconds).
    """
    task = tasks.start_or_find(wanted)
    report(f"Trial task {task.id} starts.")
    try:
        return _judge(tasks, wanted, task, probe_at, timeout, ask)
    finally:
        tasks.stop(task.arn, "Trial finished")


def _judge(
    tasks: OneOffTasks,
    wanted: OneOff,
    task: Task,
    probe_at: Callable[[str], Probe] | None,
    timeout: float,
    ask: Callable[[Probe], ProbeReport],
) -> str:
    began = time.monotonic()
    settled = _reachable if probe_at is not None else _health_known
    try:
        task = wait_until(lambda: tasks.describe(task.arn), settled, timeout, interval=0.5)
    except OneOffTaskError as error:
        raise TrialError(f"The trial task is not healthy in time: {error}", task) from error
    _refuse_stopped(task, wanted)
    if task.health == "UNHEALTHY":
        raise TrialError(f"Trial task {task.id} is UNHEALTHY by its container health check.", task)
    if probe_at is None:
        return f"Healthy by its container health check after {time.monotonic() - began:.1f} s."
    return _probe(tasks, wanted, task, probe_at(task.address or ""), ask)


def _probe(
    tasks: OneOffTasks, wanted: OneOff, task: Task, asked: Probe, ask: Callable[[Probe], ProbeReport]
) -> str:
    answers = ask(asked)
    if answers.healthy:
        return answers.message
    _refuse_stopped(tasks.describe(task.arn), wanted)
    raise TrialError(f"The trial task does not answer as it should: {answers.message}", task)


def _refuse_stopped(task: Task, wanted: OneOff) -> None:
    if stopped(task):
        reason = failure(task, wanted.container) or "it ended by itself with exit code 0"
        raise TrialError(f"Trial task {task.id} stopped: {reason}", task)


def _health_known(task: Task) -> bool:
    return stopped(task) or task.health in ("HEALTHY", "UNHEALTHY")


def _reachable(task: Task) -> bool:
    return stopped(task) or (task.last_status == "RUNNING" and task.address is not None)
