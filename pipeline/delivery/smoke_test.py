"""Smoke test of a release: one task outside of the service, which must become healthy."""

import re
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from pipeline.aws.errors import AwsError
from pipeline.delivery.evidence import TaskLogs
from pipeline.delivery.one_off import SMOKE_TEST, last_lines, stop_left
from pipeline.ecs.model import OneOffTaskError, Task, TaskUnknownError
from pipeline.ecs.oneoff import OneOff, OneOffTasks, ended, failure, wait_until
from pipeline.errors import PipelineError
from pipeline.health.answers import listens_elsewhere
from pipeline.health.model import Probe, ProbeReport
from pipeline.health.probe import probe
from pipeline.log_cause import find_error, quote, tell

_RAISED = re.compile(r"(?:\w+\.)*[A-Z]\w*(: |$)")
"""An exception by its name, as a traceback ends; a line that is called an error begins otherwise."""
_ROUND = 3.0
"""Seconds of asking between two looks at the task."""
_PATIENCE = 15.0
"""Seconds that a task may go on answering badly after its first answer: it has started by then."""
_HANG_PATIENCE = 45.0
"""Seconds that it may take connections and answer none."""
_TOLD_EVERY = 15.0
"""Seconds between two lines that say what is waited for."""


class SmokeTestError(PipelineError):
    """The release did not become healthy in its smoke test; the service was not touched."""

    def __init__(self, message: str, task: Task | None = None) -> None:
        self.task = task
        super().__init__(message)


def is_fit(tasks: OneOffTasks, task: Task) -> bool:
    """Whether a task that has waited for something can still become healthy, and be judged by that."""
    with suppress(AwsError, TaskUnknownError):
        seen = tasks.describe(task.arn)
        return not ended(seen) and seen.health != "UNHEALTHY"
    return False


@dataclass(frozen=True)
class SmokeTest:
    """One task on the revision outside the service, and what is asked of it."""

    tasks: OneOffTasks
    requested: OneOff
    logs: TaskLogs
    probes_at: Callable[[str], tuple[Probe, ...]] | None
    """Questions to the health path and the smoke paths at an address; None where no task can be reached."""
    timeout: float
    """Seconds until it must be healthy."""
    port: int
    """Where the release should listen."""
    report: Callable[[str], None]
    warn: Callable[[str], None]
    """Hears of a failure at once, before the log tells its cause."""
    ask: Callable[[Probe], ProbeReport] = probe
    clock: Callable[[], float] = time.monotonic

    def run(self, rehearsal: Task | None = None) -> str:
        """Start the task and wait until it is healthy; return a sentence. Always stops the task.

        A ``rehearsal`` that runs already is judged instead, and not stopped.

        Healthy is what ECS says of the container health check; where tasks can be reached, what the task
        itself answers.

        Raises:
            SmokeTestError: the task stopped, became UNHEALTHY, kept answering badly or was not healthy in
                time. The message begins with the cause, as the log or the answers tell it, and ends with the
                last log lines.
        """
        if rehearsal is not None:
            return self._explained(rehearsal)
        stop_left(self.tasks, self.report, SMOKE_TEST)
        task = self.tasks.start(self.requested)
        self.report(f"Smoke-test task {task.id} starts.")
        try:
            return self._explained(task)
        finally:
            self.tasks.stop(task.arn, "Smoke test finished")

    def _explained(self, task: Task) -> str:
        try:
            return self._judge(task)
        except SmokeTestError as error:
            self.warn(f"{error} Its log is read.")
            lines = last_lines(self.logs, error.task or task, self.requested.container)
            raise SmokeTestError(self._explain(error, lines), error.task) from error

    def _ended(self, task: Task) -> bool:
        return ended(task, self.requested.container)

    def _explain(self, error: SmokeTestError, lines: Sequence[str]) -> str:
        """Put the cause first: the log's where the task stopped or failed to answer, else the answer's."""
        if error.task is not None and self._ended(error.task):
            cause = tell(lines, self._reason(error.task))
            return f"{cause}\nThe release does not start. {error} {quote(lines)}"
        logged = find_error(lines)
        # Behind an answer of 5xx stands the exception that the application logged.
        raised = logged if str(error).startswith("HTTP 5") and _RAISED.match(logged) else ""
        told = (
            listens_elsewhere(lines, self.port),
            raised,
            str(error),
            f"Its log says: {logged}" if logged and not raised else "",
            quote(lines),
        )
        return "\n".join(filter(None, told))

    def _judge(self, task: Task) -> str:
        began = self.clock()
        known = _reachable if self.probes_at is not None else _health_known
        try:
            task = wait_until(
                partial(self.tasks.describe, task.arn),
                lambda seen: self._ended(seen) or known(seen),
                self.timeout,
            )
        except OneOffTaskError as error:
            raise SmokeTestError(f"The smoke-test task is not healthy in time: {error}", task) from error
        self._refuse_stopped(task)
        if task.health == "UNHEALTHY":
            raise SmokeTestError(
                f"Smoke-test task {task.id} is UNHEALTHY by its container health check.", task
            )
        if self.probes_at is None:
            return f"Healthy by its container health check after {self.clock() - began:.1f} s."
        return " ".join(self._probe(task, asked) for asked in self.probes_at(task.address or ""))

    def _probe(self, task: Task, asked: Probe) -> str:
        """Ask in short rounds with a look at the task after each: one that has stopped is seen at once."""
        began = told = self.clock()
        end, patience = began + asked.window, asked.window
        while True:
            answers = self.ask(replace(asked, window=min(_ROUND, asked.window)))
            if answers.healthy:
                return answers.message
            self._refuse_stopped(self.tasks.describe(task.arn))
            shorter = self._patience(task, answers)
            if shorter < patience:
                patience, end = shorter, min(end, self.clock() + shorter)
            if self.clock() >= end:
                raise SmokeTestError(f"{answers.message}\nThe smoke-test task does not answer well.", task)
            if self.clock() - told >= _TOLD_EVERY:
                told = self.clock()
                self.report(f"After {told - began:.0f} s still waiting for a good answer. {answers.message}")

    def _patience(self, task: Task, answers: ProbeReport) -> float:
        """Return how long to go on: there is no use in waiting for one that has started and is wrong."""
        if any(reply.status is not None for reply in answers.replies):
            return _PATIENCE
        if any("Timeout" in (reply.fault or "") for reply in answers.replies):
            return _HANG_PATIENCE
        return (
            _PATIENCE
            if listens_elsewhere(self.logs.tail(task, self.requested.container), self.port)
            else float("inf")
        )

    def _refuse_stopped(self, task: Task) -> None:
        if self._ended(task):
            raise SmokeTestError(f"Smoke-test task {task.id} stopped: {self._reason(task)}.", task)

    def _reason(self, task: Task) -> str:
        return failure(task, self.requested.container) or "it ended by itself with exit code 0"


def _health_known(task: Task) -> bool:
    return task.health in ("HEALTHY", "UNHEALTHY")


def _reachable(task: Task) -> bool:
    return task.last_status == "RUNNING" and task.address is not None
