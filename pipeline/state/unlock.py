"""Looks at the lock and removes it when its owner is gone."""

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from pipeline.clock import utc_now
from pipeline.state.digest import settle_digest
from pipeline.state.home import StateHome
from pipeline.state.lock import delete_lock, read_lock
from pipeline.state.model import LockInfo, RunRecord, RunStatus, StateError
from pipeline.state.runs import observe, read_runs, withdraw
from pipeline.state.verdict import Attempt, LockVerdict, ObservedRun, is_own_lock, judge_lock
from pipeline.terraform.errors import StateLockedError
from pipeline.terraform.workspace import Around

LOCK_AGE_LIMIT = timedelta(hours=6)

_REPEATS = 2
_REPEATING = (
    "DynamoDB's answer was lost, so that Terraform ran into the lock that it had taken itself. "
    "The lock is freed; the command runs again."
)


class LiveLockError(StateError):
    """The lock's owner lives or may live; the lock stays."""


class ShutOutError(StateLockedError):
    """A command ran into its own lock, which is free again."""


@dataclass(frozen=True)
class LockReport:
    """The lock, if there is one, and what is known of its owner."""

    lock: LockInfo | None
    verdict: LockVerdict


def inspect_lock(
    home: StateHome,
    known: Mapping[str, RunStatus] | None = None,
    limit: timedelta = LOCK_AGE_LIMIT,
) -> LockReport:
    """Look at the lock. ``known`` is what the caller knows of runs, by run id (from the orchestrator)."""
    lock = read_lock(home)
    runs = observed_runs(home, known or {}) if lock else ()
    return LockReport(lock, judge_lock(lock, runs, utc_now(), limit))


def unlock(
    home: StateHome,
    lock_id: str,
    known: Mapping[str, RunStatus] | None = None,
    limit: timedelta = LOCK_AGE_LIMIT,
) -> LockReport:
    """Remove the lock ``lock_id`` when its owner is gone, and return what was found.

    Raises:
        LiveLockError: the owner lives, or it cannot be told; nothing was done.
        StateChangedError: the lock is another one by now; nothing was done.
    """
    report = inspect_lock(home, known, limit)
    if report.lock is None:
        return report
    if report.lock.id != lock_id:
        raise LiveLockError(
            f"The state of {home.environment} is locked by {report.lock.id}, not by {lock_id}. Look again."
        )
    if not report.verdict.removable:
        raise LiveLockError(
            f"The lock {lock_id} of {home.environment} stays (owner {report.verdict.owner}, "
            f"age {report.verdict.age}): {report.verdict.reason}"
        )
    _free(home, report.lock)
    forget_gone(home, known)
    return report


def release_own_lock(home: StateHome, attempt: Attempt) -> bool:
    """Remove the lock that our own command ran into, if it made it itself; True when it was removed.

    DynamoDB's answer to the lock's PutItem can be lost; Terraform then finds its own lock and gives up.
    """
    lock = read_lock(home)
    if lock is None or not is_own_lock(lock, attempt, observed_runs(home, {})):
        return False
    _free(home, lock)
    return True


def lock_keeper(home: StateHome, run_id: str, tell: Callable[[str], None] = lambda _: None) -> Around:
    """Return what ``open_workspace`` takes as ``around``: it sees to the locks of the run's own commands.

    When a command fails, the lock that it made itself and left behind is freed: Terraform was killed, or was
    interrupted while it took the lock, or DynamoDB's answer to its PutItem was lost. In the last case
    Terraform shuts itself out having done nothing, so the command is repeated, and ``tell`` hears why:
    Terraform's own error was in the log before.
    """

    def around(command: Callable[[], int]) -> int:
        for _ in range(_REPEATS):
            try:
                return _freeing(home, run_id, command)
            except ShutOutError:
                tell(_REPEATING)
        return _freeing(home, run_id, command)

    return around


def _freeing(home: StateHome, run_id: str, command: Callable[[], int]) -> int:
    before, started = read_lock(home), utc_now()
    try:
        return command()
    except BaseException as error:
        attempt = Attempt(run_id, socket.gethostname(), started, utc_now(), before)
        if release_own_lock(home, attempt) and isinstance(error, StateLockedError):
            message = "Terraform ran into a lock of its own, which is free again. Run the same once more."
            raise ShutOutError(message, error.diagnostics, error.stderr) from error
        raise


def _free(home: StateHome, lock: LockInfo) -> None:
    """Settle the digest of an owner that is gone, while nobody else can write; then remove its lock."""
    settle_digest(home)
    delete_lock(home, lock)


def forget_gone(home: StateHome, known: Mapping[str, RunStatus] | None = None) -> None:
    """Remove the records of runs that are gone. Only while no lock is held: they are evidence until then."""
    if read_lock(home) is None:
        for run in observed_runs(home, known or {}):
            if run.status is RunStatus.GONE:
                withdraw(home, run.record.run_id)


def observed_runs(home: StateHome, known: Mapping[str, RunStatus]) -> tuple[ObservedRun, ...]:
    """Read the run records and look whether the runs live; what is seen here outweighs what is ``known``."""
    return tuple(ObservedRun(record, _status(record, known)) for record in read_runs(home))


def _status(record: RunRecord, known: Mapping[str, RunStatus]) -> RunStatus:
    seen = observe(
        record.host, record.pid, record.process_start, record.folder, this_host=socket.gethostname()
    )
    return known.get(record.run_id, seen) if seen is RunStatus.UNKNOWN else seen
