"""Watches a rollout to its end, from AWS or from anything else that answers alike."""

import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from pipeline.aws.errors import AwsError
from pipeline.clock import Clock, Sleep, interval, pause, utc_now
from pipeline.ecs.gates import belongs
from pipeline.ecs.model import Deployment, Task
from pipeline.ecs.rollout import ServiceSnapshot, Verdict, decide, failure_reason
from pipeline.ecs.service import EcsService
from pipeline.release.model import Rollout

_TOLD_EVERY = timedelta(seconds=15)


_SLOWEST = 20.0
"""Seconds between two looks where AWS does not answer; each failure doubles the interval up to that."""


def watch(
    reader: EcsService,
    rollout: Rollout,
    deadline: datetime,
    report: Callable[[str], None],
    sleep: Sleep = time.sleep,
    clock: Clock = utc_now,
    progress: Callable[[float], None] = lambda _: None,
    *,
    warn: Callable[[str], None],
    completed: bool = False,
) -> Verdict:
    """Look until the rollout is ready for the gates or has ended; report changes, and every 15 s what lasts.

    With ``completed`` it is ready only once ECS has completed the deployment.
    ``warn`` hears of each task that failed. ``progress`` gets the share of the wanted tasks that run, from
    0 to 1, when it changes.

    API errors lengthen the interval and prove nothing: the deadline ends the watch, or an error
    that is final.
    """
    wait, last_message, last_share, failed = 1.0, "", -1.0, 0
    began = told = clock()
    while True:
        snapshot = look(reader, rollout)
        now = clock()
        verdict = decide(snapshot, rollout, now, deadline, completed=completed)
        if verdict.message != last_message:
            report(verdict.message)
            last_message, told = verdict.message, now
        elif now - told >= _TOLD_EVERY:
            report(f"After {(now - began).total_seconds():.0f} s still: {verdict.message}")
            told = now
        ours = snapshot.service.deployment(rollout.deployment_id) if snapshot.service else None
        if ours is not None and ours.failed > failed:
            failed = ours.failed
            warn(f"{failed} of its tasks failed. {_newest_failure(snapshot.stopped)}".rstrip())
        share = _share(ours)
        if share is not None and share != last_share:
            progress(share)
            last_share = share
        if verdict.outcome is not None or verdict.ready:
            return verdict
        trouble = snapshot.unreachable is not None
        wait = min(wait * 2, _SLOWEST) if trouble else interval((now - began).total_seconds())
        pause(wait, sleep)


def _newest_failure(stopped: Iterable[Task]) -> str:
    """Return the reason of the task that failed last; "" where none has one."""
    newest = sorted(stopped, key=lambda task: task.created_at, reverse=True)
    return next(filter(None, map(failure_reason, newest)), "")


def _share(ours: Deployment | None) -> float | None:
    """Share of our deployment's tasks that run; None where it is not seen."""
    if ours is None:
        return None
    return min(ours.running / ours.desired, 1.0) if ours.desired else 1.0


def look(reader: EcsService, rollout: Rollout) -> ServiceSnapshot:
    """Take one look at the service; an API that fails is part of what is seen."""
    try:
        service = reader.describe()
    except AwsError as error:
        return ServiceSnapshot(unreachable=str(error), refused=error.final)
    ours = service.deployment(rollout.deployment_id) if service else None
    return ServiceSnapshot(service, _stopped(reader, ours) if ours is not None and ours.failed else ())


def _stopped(reader: EcsService, ours: Deployment) -> tuple[Task, ...]:
    """Return the deployment's stopped tasks; they only hasten a verdict, so () where AWS does not tell."""
    try:
        return tuple(task for task in reader.tasks("STOPPED") if belongs(task, ours))
    except AwsError:
        return ()
