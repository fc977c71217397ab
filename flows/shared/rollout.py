"""What deploy-application and rollback-application share: move the service, watch, verify, record."""

from dataclasses import dataclass
from datetime import timedelta

from pipeline.clock import Stopwatch
from pipeline.delivery.start import Started, StartKind
from pipeline.ecs.model import Outcome
from pipeline.live import LiveEnvironment
from pipeline.release.model import Release
from tasks.record import record_release
from tasks.rollout import begin_rollout, evidence_of, verify_release, watch_rollout

ROLLOUT_LIMIT = timedelta(minutes=15)


@dataclass(frozen=True)
class RolloutEnd:
    """How it ended, in a sentence."""

    outcome: Outcome
    message: str
    cause: str = ""
    """The likeliest reason of a failure."""


def roll_out(
    live: LiveEnvironment,
    release: Release,
    stopwatch: Stopwatch,
    *,
    kind: str,
    take_over: bool = False,
    force: bool = False,
) -> RolloutEnd:
    """Move the service to the release, watch and verify it, and write down how it ended.

    ``force`` starts new tasks although the service is on the release already.
    ``stopwatch`` has the steps before, and gets those of the rollout.

    Without proof of the end (TIMED_OUT, UNKNOWN) nothing is recorded: the next run re-attaches.
    """
    started = begin_rollout(live, release, ROLLOUT_LIMIT, take_over, force=force)
    end = _watch_and_verify(live, started, stopwatch)
    if end.outcome in (Outcome.TIMED_OUT, Outcome.UNKNOWN):
        return end
    record_release(
        live,
        started.rollout,
        kind=kind,
        outcome=end.outcome,
        message=end.message,
        durations=stopwatch.seconds,
    )
    return end


def _watch_and_verify(live: LiveEnvironment, started: Started, stopwatch: Stopwatch) -> RolloutEnd:
    with stopwatch.step("rollout"):
        verdict = watch_rollout(live, started)
    if verdict.outcome is not None:
        outcome, message = verdict.outcome, verdict.message
    else:
        new = started.kind is not StartKind.NO_CHANGE
        with stopwatch.step("verify"):
            verification = verify_release(live, started.rollout, soak=new)
        outcome, message = verification.outcome, verification.message
    if outcome is Outcome.SUCCEEDED:
        unchanged = started.kind is StartKind.NO_CHANGE
        return RolloutEnd(Outcome.NO_CHANGE if unchanged else outcome, message)
    if outcome is Outcome.SUPERSEDED:
        return RolloutEnd(outcome, message)
    return RolloutEnd(outcome, message, evidence_of(live, started.rollout).headline)
