"""Processes are told by their mark and by pid and start time together."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from deployments.local.stack.processes import MARK, NAME, marked, send, start_of, stop


@pytest.fixture
def owner(tmp_path: Path) -> str:
    """A mark that no other process carries."""
    return str(tmp_path)


def start(owner: str, code: str) -> subprocess.Popen[bytes]:
    """Start a marked Python process and wait for its first line."""
    child = subprocess.Popen(
        [sys.executable, "-u", "-c", code],
        env={**os.environ, MARK: owner, NAME: "child"},
        stdout=subprocess.PIPE,
    )
    assert child.stdout
    child.stdout.readline()
    return child


SLEEP = "print('ready'); import time; time.sleep(60)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"


def test_a_marked_process_is_found_and_stopped(owner: str) -> None:
    """It ends by SIGTERM; nobody had to be killed."""
    with start(owner, SLEEP) as child:
        (found,) = marked(owner)
        assert (found.pid, found.name, found.parent) == (child.pid, "child", os.getpid())
        assert stop(owner, lambda _: True, 10) == []
        assert child.wait() == -signal.SIGTERM
    assert marked(owner) == []


def test_a_reused_pid_is_never_signalled(owner: str) -> None:
    """The same pid with another start time is another process."""
    with start(owner, SLEEP) as child:
        (found,) = marked(owner)
        send(replace(found, started=found.started - 1), signal.SIGKILL)
        assert start_of(child.pid) == found.started
        child.kill()


def test_who_ignores_the_request_is_killed(owner: str) -> None:
    """After the grace SIGKILL ends it, and it is named."""
    with start(owner, STUBBORN) as child:
        killed = stop(owner, lambda _: True, 0.3)
        assert [process.pid for process in killed] == [child.pid]
        assert child.wait() == -signal.SIGKILL


def test_other_stacks_are_left_alone(owner: str) -> None:
    """A mark that merely begins alike is another one."""
    with start(f"{owner}-other", SLEEP) as child:
        stop(owner, lambda _: True, 1)
        assert child.poll() is None
        child.kill()
