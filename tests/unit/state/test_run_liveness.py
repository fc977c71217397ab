"""Whether the process behind a record lives."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.state.model import RunStatus
from pipeline.state.record import observe, process_start
from pipeline.terraform.folder import run_folder


@pytest.fixture
def own_start() -> str:
    """When this process began."""
    start = process_start(os.getpid())
    assert start is not None
    return start


def test_this_process_is_alive(own_start: str, tmp_path: Path) -> None:
    """Same pid, same start."""
    assert observe("here", os.getpid(), own_start, str(tmp_path), this_host="here") is RunStatus.ALIVE


def test_another_process_of_the_same_pid_is_not_it(own_start: str, tmp_path: Path) -> None:
    """Pids are used again: the start tells them apart."""
    start = f"{own_start}0"
    assert observe("here", os.getpid(), start, str(tmp_path), this_host="here") is RunStatus.GONE


def test_a_held_folder_means_that_terraform_still_works(own_start: str, tmp_path: Path) -> None:
    """Terraform may outlive the process that began it."""
    with run_folder("x", tmp_path) as folder:
        found = observe("here", os.getpid(), f"{own_start}0", str(folder.path), this_host="here")
        assert found is RunStatus.ALIVE


@pytest.mark.parametrize(("host", "start"), [("there", "boot:1"), ("here", "")])
def test_what_cannot_be_seen_is_unknown(host: str, start: str) -> None:
    """Another host, or a record without a start."""
    assert observe(host, os.getpid(), start, "/nowhere", this_host="here") is RunStatus.UNKNOWN


def test_a_zombie_is_gone() -> None:
    """A process that has ended, but that nobody has waited for, does nothing any more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert process_start(process.pid) is None
    process.wait()
