"""Runs that die in the middle of an apply, and the locks that they leave."""

import socket
from dataclasses import replace
from datetime import timedelta

import pytest
from premises import Premises, kill, kill_children, told, until

from pipeline.state.backend import read_head
from pipeline.state.lock import delete_lock, held_lock, read_lock, take_lock
from pipeline.state.record import announce, announced, read_records, this_run

ROOT = "plain"
pytestmark = pytest.mark.timeout(900)
HOUR = timedelta(hours=1)
_SLOW = "terraform_data.slow: Creating"


def test_a_run_after_one_that_was_killed_goes_on(premises: Premises) -> None:
    """Killed with Terraform in the middle of an apply: the next run frees lock and place, and converges."""
    premises.wish(value="killed", seconds=100)
    run, process = premises.begin("deploy-infrastructure")
    until(lambda: any(_SLOW in line for line in premises.log(run)), "the slow resource is being made")
    premises.kill(run, process)
    assert read_lock(premises.home) is not None
    premises.wish(value="killed", seconds=0)
    done = premises.run("deploy-infrastructure")
    assert told(done).startswith("Completed")
    assert any("Freed the state's lock" in line for line in premises.log(str(done.id)))
    head = read_head(premises.home)
    assert head is not None
    assert head.resources == 3
    assert read_lock(premises.home) is None
    newest = read_records(premises.home)[0]
    assert (newest.run_id, newest.outputs["value"]) == (str(done.id), "killed")


def test_what_a_killed_terraform_was_making_is_named(premises: Premises) -> None:
    """Killed alone in the middle of an apply: the run fails, its log says so, and the lock is free."""
    premises.wish(value="cut off", seconds=101)
    run, process = premises.begin("deploy-infrastructure")
    until(lambda: any(_SLOW in line for line in premises.log(run)), "the slow resource is being made")
    kill_children(process)
    failed = premises.ended(run, process)
    assert told(failed).startswith("Failed")
    until(
        lambda: any("Look in AWS for terraform_data.slow: it may" in line for line in premises.log(run)), ""
    )
    assert read_lock(premises.home) is None


def test_a_living_owners_lock_stays(premises: Premises) -> None:
    """unlock-state names the owner and removes nothing."""
    here = this_run("living", premises.home.environment, premises.folder, HOUR)
    who = f"somebody@{socket.gethostname()}"
    with announced(premises.home, here), held_lock(premises.home, who, "OperationTypeApply") as lock:
        done = premises.run("unlock-state")
        assert told(done).startswith("Failed")
        assert "living" in told(done)
        assert read_lock(premises.home) == lock


def test_a_dead_owners_lock_is_removed(premises: Premises) -> None:
    """unlock-state first shows it, and removes it when told to."""
    _, process = premises.begin("history")
    kill(process)
    gone = replace(
        this_run("gone", premises.home.environment, premises.folder / "gone", HOUR), pid=process.pid
    )
    announce(premises.home, gone)
    lock = take_lock(premises.home, f"somebody@{socket.gethostname()}", "OperationTypeApply")
    try:
        assert told(premises.run("unlock-state", dry_run=True)).startswith("Completed")
        assert read_lock(premises.home) == lock
        assert told(premises.run("unlock-state")).startswith("Completed")
        assert read_lock(premises.home) is None
    finally:
        if read_lock(premises.home) is not None:
            delete_lock(premises.home, lock)
