"""Judges the lock by its owner, and removes it when the owner is gone."""

import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

from pipeline.clock import utc_now
from pipeline.state.backend import StateBackend
from pipeline.state.lock import delete_lock, read_lock, settle_digest
from pipeline.state.model import LockInfo, RunRecord, RunStatus, StateError
from pipeline.state.record import observe, read_runs, withdraw
from pipeline.terraform.diagnostics import StateLockedError
from pipeline.terraform.workspace import CommandHook

CLOCK_SKEW = timedelta(seconds=60)


@dataclass(frozen=True)
class ObservedRun:
    """A run record, and whether the run lives."""

    record: RunRecord
    status: RunStatus


class LockState(Enum):
    """State of the lock."""

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
class BlockedCommand:
    """A command of ours that failed to get the lock."""

    run_id: str
    host: str
    started: datetime
    ended: datetime
    lock_before: LockInfo | None
    """The lock that was there before the command began."""


def is_own_lock(lock: LockInfo | None, attempt: BlockedCommand, runs: Sequence[ObservedRun]) -> bool:
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


LOCK_AGE_LIMIT = timedelta(hours=6)

_REPEATING = (
    "DynamoDB's answer was lost, so that Terraform ran into the lock that it had taken itself. "
    "The lock is freed; the command runs again."
)


class ShutOutError(StateLockedError):
    """A command ran into its own lock, which is free again."""


@dataclass(frozen=True)
class LockReport:
    """The lock, if there is one, and what is known of its owner."""

    lock: LockInfo | None
    verdict: LockVerdict


def inspect_lock(
    home: StateBackend, known: Mapping[str, RunStatus] | None = None, limit: timedelta = LOCK_AGE_LIMIT
) -> LockReport:
    """Look at the lock. ``known`` is what the caller knows of runs, by run id (from the orchestrator)."""
    lock = read_lock(home)
    runs = observed_runs(home, known or {}) if lock else ()
    return LockReport(lock, judge_lock(lock, runs, utc_now(), limit))


def unlock(
    home: StateBackend,
    lock_id: str,
    known: Mapping[str, RunStatus] | None = None,
    limit: timedelta = LOCK_AGE_LIMIT,
) -> LockReport:
    """Remove the lock ``lock_id`` when its owner is gone, and return what was found.

    Raises:
        StateError: the owner lives, or it cannot be told; nothing was done.
        StateChangedError: the lock is another one by now; nothing was done.
    """
    report = inspect_lock(home, known, limit)
    if report.lock is None:
        return report
    if report.lock.id != lock_id:
        raise StateError(
            f"The state of {home.environment} is locked by {report.lock.id}, not by {lock_id}. Look again."
        )
    if not report.verdict.removable:
        raise StateError(
            f"The lock {lock_id} of {home.environment} stays (owner {report.verdict.owner}, "
            f"age {report.verdict.age}): {report.verdict.reason}"
        )
    _free(home, report.lock)
    forget_gone(home, known)
    return report


def release_own_lock(home: StateBackend, attempt: BlockedCommand) -> bool:
    """Remove the lock that our own command ran into, if it made it itself; True when it was removed.

    DynamoDB's answer to the lock's PutItem can be lost; Terraform then finds its own lock and gives up.
    """
    lock = read_lock(home)
    if lock is None or not is_own_lock(lock, attempt, observed_runs(home, {})):
        return False
    _free(home, lock)
    return True


def lock_keeper(home: StateBackend, run_id: str, tell: Callable[[str], None] = lambda _: None) -> CommandHook:
    """Return what ``open_workspace`` takes as ``hook``: it sees to the locks of the run's own commands.

    When a command fails, the lock that it made itself and left behind is freed: Terraform was killed, or was
    interrupted while it took the lock, or DynamoDB's answer to its PutItem was lost. In the last case
    Terraform shuts itself out having done nothing, so the command is repeated, and ``tell`` hears why:
    Terraform's own error was in the log before.
    """

    attempts = Retrying(
        retry=retry_if_exception_type(ShutOutError),
        stop=stop_after_attempt(3),
        before_sleep=lambda _: tell(_REPEATING),
        reraise=True,
    )
    return lambda command: attempts(_freeing, home, run_id, command)


def _freeing(home: StateBackend, run_id: str, command: Callable[[], int]) -> int:
    before, started = read_lock(home), utc_now()
    try:
        return command()
    except BaseException as error:
        attempt = BlockedCommand(run_id, socket.gethostname(), started, utc_now(), before)
        if release_own_lock(home, attempt) and isinstance(error, StateLockedError):
            message = "Terraform ran into a lock of its own, which is free again. Run the same once more."
            raise ShutOutError(message, error.diagnostics, error.stderr) from error
        raise


def _free(home: StateBackend, lock: LockInfo) -> None:
    """Settle the digest of an owner that is gone, while nobody else can write; then remove its lock."""
    settle_digest(home)
    delete_lock(home, lock)


def forget_gone(home: StateBackend, known: Mapping[str, RunStatus] | None = None) -> None:
    """Remove the records of runs that are gone. Only while no lock is held: they are evidence until then."""
    if read_lock(home) is None:
        for run in observed_runs(home, known or {}):
            if run.status is RunStatus.GONE:
                withdraw(home, run.record.run_id)


def observed_runs(home: StateBackend, known: Mapping[str, RunStatus]) -> tuple[ObservedRun, ...]:
    """Read the run records and look whether the runs live; what is seen here outweighs what is ``known``."""
    return tuple(ObservedRun(record, _status(record, known)) for record in read_runs(home))


def _status(record: RunRecord, known: Mapping[str, RunStatus]) -> RunStatus:
    seen = observe(
        record.host, record.pid, record.process_start, record.folder, this_host=socket.gethostname()
    )
    return known.get(record.run_id, seen) if seen is RunStatus.UNKNOWN else seen
