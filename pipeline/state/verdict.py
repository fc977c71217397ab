"""Whether a lock's owner still lives (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from pipeline.state.model import LockInfo, RunRecord, RunStatus

CLOCK_SKEW = timedelta(seconds=60)


@dataclass(frozen=True)
class ObservedRun:
    """A run record, and whether the run lives."""

    record: RunRecord
    status: RunStatus


class LockState(Enum):
    """What is known of the lock."""

    FREE = "free"
    LIVE = "live"
    STALE = "stale"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class LockVerdict:
    """The answer, with its reason."""

    state: LockState
    reason: str
    age: timedelta = timedelta(0)
    owner: str = ""
    """user@host, with the run where it is known."""

    @property
    def removable(self) -> bool:
        """Whether the lock may be removed."""
        return self.state is LockState.STALE


def judge_lock(
    lock: LockInfo | None, runs: Sequence[ObservedRun], now: datetime, limit: timedelta
) -> LockVerdict:
    """Decide whether the lock may be removed. ``limit`` is the age beyond which a lock without a living
    owner is stale even when nothing else is known of it.
    """
    if lock is None:
        return LockVerdict(LockState.FREE, "The state is not locked.")
    age = max(now - lock.created, timedelta(0))
    owners = [run for run in runs if _may_own(run.record, lock)]
    alive = [run for run in owners if run.status is RunStatus.ALIVE]
    if alive:
        return LockVerdict(LockState.LIVE, f"{_named(alive[0])} is at work.", age, _owner(lock, alive[0]))
    if owners and all(run.status is RunStatus.GONE for run in owners):
        return LockVerdict(LockState.STALE, f"{_named(owners[-1])} is gone.", age, _owner(lock, owners[-1]))
    if age > limit:
        return LockVerdict(
            LockState.STALE, f"It is older than {limit}, and no living run claims it.", age, lock.who
        )
    what = f"{_named(owners[0])} cannot be seen from here" if owners else "no recorded run claims it"
    return LockVerdict(
        LockState.UNKNOWN, f"{what[0].upper()}{what[1:]}: wait until {limit} old.", age, lock.who
    )


@dataclass(frozen=True)
class Attempt:
    """A command of ours that failed to get the lock."""

    run_id: str
    host: str
    started: datetime
    ended: datetime
    lock_before: LockInfo | None
    """The lock that was there before the command began."""


def is_own_lock(lock: LockInfo | None, attempt: Attempt, runs: Sequence[ObservedRun]) -> bool:
    """Tell whether the lock that a command ran into is its own, left by a lost answer of DynamoDB.

    So it is when it was made on our host while the command ran, and no other run can have made it.
    """
    if lock is None or lock.host != attempt.host:
        return False
    if attempt.lock_before is not None and attempt.lock_before.id == lock.id:
        return False
    others = [run for run in runs if run.record.run_id != attempt.run_id]
    rivals = [run for run in others if run.status is not RunStatus.GONE and _may_own(run.record, lock)]
    return attempt.started <= lock.created <= attempt.ended and not rivals


def _may_own(record: RunRecord, lock: LockInfo) -> bool:
    in_time = record.announced - CLOCK_SKEW <= lock.created <= record.until + CLOCK_SKEW
    return record.host == lock.host and in_time


def _named(run: ObservedRun) -> str:
    return f"Run {run.record.run_id} (process {run.record.pid} on {run.record.host})"


def _owner(lock: LockInfo, run: ObservedRun) -> str:
    return f"{lock.who}, run {run.record.run_id}"
