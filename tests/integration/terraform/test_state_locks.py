"""Locks whose owners live, and locks whose owners are gone."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from terraform_support import Opener

from pipeline.state.backend import StateBackend
from pipeline.state.lock import delete_lock, held_lock, read_lock, take_lock
from pipeline.state.model import LockInfo, RunStatus, StateChangedError, StateError
from pipeline.state.record import announce, announced, read_runs, this_run
from pipeline.state.unlock import LockState, forget_gone, inspect_lock, unlock
from pipeline.terraform.diagnostics import StateLockedError
from pipeline.terraform.workspace import PlanRequest

HOUR = timedelta(hours=1)


def host() -> str:
    """Return this machine's name, as in a lock's owner."""
    return os.uname().nodename


def test_a_live_lock_is_respected(opener: Opener, home: StateBackend, tmp_path: Path) -> None:
    """While its run lives a lock can't be removed, and Terraform waits in vain."""
    run = this_run("living", home.environment, tmp_path, HOUR)
    with announced(home, run), held_lock(home, f"somebody@{host()}", "OperationTypeApply") as lock:
        report = inspect_lock(home)
        assert (report.verdict.state, report.lock) == (LockState.LIVE, lock)
        with pytest.raises(StateError, match=r"Run living .* is at work"):
            unlock(home, lock.id)
        with opener("plain") as workspace:
            workspace.init(home.backend)
            with pytest.raises(StateLockedError, match="unlock-state"):
                workspace.plan(PlanRequest(lock_timeout="0s"))
    assert inspect_lock(home).verdict.state is LockState.FREE
    assert read_runs(home) == ()


def test_a_lock_of_a_dead_run_is_found_and_removed(
    opener: Opener, home: StateBackend, tmp_path: Path
) -> None:
    """The run's process is gone: the lock is stale, is removed, and a plan works again."""
    leave_lock(home, dead_pid(), tmp_path / "gone")
    report = inspect_lock(home)
    assert report.lock is not None
    assert report.verdict.state is LockState.STALE
    assert "Run killed" in report.verdict.reason
    unlock(home, report.lock.id)
    assert read_runs(home) == ()
    with opener("plain") as workspace:
        workspace.init(home.backend)
        assert workspace.plan(PlanRequest()).has_changes


def test_a_terraform_that_outlived_its_run_keeps_the_lock_alive(opener: Opener, home: StateBackend) -> None:
    """The run's process is gone, but its private folder is still held: the lock is live."""
    with opener("plain") as workspace:
        leave_lock(home, dead_pid(), workspace.folder.path)
        assert inspect_lock(home).verdict.state is LockState.LIVE
    assert inspect_lock(home).verdict.state is LockState.STALE


def test_a_run_on_another_host_is_judged_by_what_the_caller_knows(home: StateBackend, tmp_path: Path) -> None:
    """Unknown by itself; stale when the orchestrator says that the run is over."""
    run = replace(this_run("far", home.environment, tmp_path, HOUR), host="elsewhere")
    with announced(home, run):
        lock = leave_lock(home, None, tmp_path, who="somebody@elsewhere")
        assert inspect_lock(home).verdict.state is LockState.UNKNOWN
        with pytest.raises(StateError, match="stays"):
            unlock(home, lock.id)
        unlock(home, lock.id, {"far": RunStatus.GONE})
    assert read_lock(home) is None


def test_only_the_lock_that_was_judged_is_removed(home: StateBackend, tmp_path: Path) -> None:
    """When another run took the lock in the meantime, nothing is removed."""
    old = leave_lock(home, dead_pid(), tmp_path)
    delete_lock(home, old)
    new = leave_lock(home, dead_pid(), tmp_path)
    with pytest.raises(StateError, match=new.id):
        unlock(home, old.id)
    with pytest.raises(StateChangedError):
        delete_lock(home, old)
    assert read_lock(home) == new


def test_records_of_dead_runs_are_forgotten_while_nothing_is_locked(
    home: StateBackend, tmp_path: Path
) -> None:
    """They are evidence as long as a lock is held, and misleading afterwards."""
    lock = leave_lock(home, dead_pid(), tmp_path)
    forget_gone(home)
    assert len(read_runs(home)) == 1
    delete_lock(home, lock)
    forget_gone(home)
    assert read_runs(home) == ()


def leave_lock(home: StateBackend, pid: int | None, folder: Path, who: str = "") -> LockInfo:
    """Leave a lock behind; with ``pid``, also the record of a run of that process."""
    if pid is not None:
        run = replace(this_run("killed", home.environment, folder, HOUR), pid=pid)
        announce(home, run)
    return take_lock(home, who or f"somebody@{host()}", "OperationTypeApply")


def dead_pid() -> int:
    """Return the pid of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid
