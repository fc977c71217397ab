"""Steps shared by deploy-application and rollback-application: move the service, watch, verify, record."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pipeline.clock import Stopwatch
from pipeline.delivery.model import Verification
from pipeline.delivery.start import Started, StartKind
from pipeline.ecs.model import Outcome
from pipeline.health.poll import Poll
from pipeline.live import LiveEnvironment
from pipeline.release.model import Release
from tasks.gates import verify_release
from tasks.record import record_release
from tasks.rollout import begin_rollout, evidence_of, watch_rollout
from tasks.scaling import keep_minimum_of_tasks

ROLLOUT_LIMIT = timedelta(minutes=30)
"""Failed tasks, ECS's own rollback, and the alarms that it watches for both: each takes minutes on AWS."""


@dataclass(frozen=True)
class RolloutEnd:
    """Outcome of a rollout, in a sentence."""

    outcome: Outcome
    message: str
    cause: str = ""
    """The likeliest reason of a failure."""
    since: datetime | None = None
    """When the rollout began."""

    @property
    def told(self) -> str:
        """Message and cause, that first which explains more.

        What a task wrote explains why it ended; of one that runs and answers badly, the answer does.
        """
        unhealthy = self.outcome is Outcome.UNHEALTHY
        order = (self.message, self.cause) if unhealthy else (self.cause, self.message)
        return "\n".join(filter(None, order))


def roll_out(
    live: LiveEnvironment,
    release: Release,
    stopwatch: Stopwatch,
    *,
    kind: str,
    take_over: bool = False,
    force: bool = False,
    left: tuple[str, ...] = (),
) -> RolloutEnd:
    """Move the service to the release, watch and verify it, and write down how it ended.

    ``force`` starts new tasks although the service is on the release already; ``left`` names migrations that
    were to stay pending.
    ``stopwatch`` has the steps before, and gets those of the rollout.

    Without proof of the end (TIMED_OUT, UNKNOWN) nothing is recorded: the next run re-attaches.
    """
    with Poll(live.probe()) as visitor:
        started = begin_rollout(live, release, ROLLOUT_LIMIT, take_over, kind=kind, force=force)
        end = _watch_and_verify(live, started, stopwatch)
    if started.kind is not StartKind.NO_CHANGE:
        end = replace(end, message=f"{end.message} {visitor.message}".rstrip())
    if end.outcome in (Outcome.TIMED_OUT, Outcome.UNKNOWN):
        return end
    record_release(
        live,
        started.rollout,
        kind=kind,
        outcome=end.outcome,
        message=end.message,
        durations=stopwatch.seconds,
        left=left,
    )
    if end.outcome.good:
        keep_minimum_of_tasks(live)
    return end


def _watch_and_verify(live: LiveEnvironment, started: Started, stopwatch: Stopwatch) -> RolloutEnd:
    with stopwatch.step("rollout"):
        verdict = watch_rollout(live, started)
    outcome, message = verdict.outcome, verdict.message
    if outcome is None:
        with stopwatch.step("verify"):
            found = verify_release(live, started, verdict.tasks)
        outcome, message = found.outcome, found.message
        if verdict.early and not (found.final and outcome is Outcome.UNHEALTHY):
            outcome, message = _complete(live, started, stopwatch, found)
    if outcome is Outcome.SUCCEEDED:
        unchanged = started.kind is StartKind.NO_CHANGE
        return RolloutEnd(Outcome.NO_CHANGE if unchanged else outcome, message)
    if outcome is Outcome.SUPERSEDED:
        return RolloutEnd(outcome, message)
    cause = evidence_of(live, started.rollout).headline
    return RolloutEnd(outcome, message, cause, started.rollout.started_at)


def _complete(
    live: LiveEnvironment, started: Started, stopwatch: Stopwatch, early: Verification
) -> tuple[Outcome, str]:
    """Wait until ECS has completed the deployment, and look again: once, where the gates were open before."""
    with stopwatch.step("completion"):
        verdict = watch_rollout(live, started, completed=True)
        if verdict.outcome is not None:
            return verdict.outcome, verdict.message
        opened = early.outcome is Outcome.SUCCEEDED
        found = verify_release(live, started, verdict.tasks, again=opened)
    return found.outcome, early.message if opened and found.outcome is Outcome.SUCCEEDED else found.message
