"""The worker runs what is started on the work pool, and takes it along when the stack goes down."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from stack_commands import Stack, until
from support.killing import process_of

from deployments.local.stack.environment import child_environment

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]


def test_a_run_logs_through_the_engine_and_ends_with_the_stack(stack: Stack) -> None:
    """The engine's INFO line is in the run's log; down leaves neither the run nor its child process."""
    stack.up()
    run = _start(stack)
    until(lambda: any("a word from the engine" in line for line in _lines(stack, run)), 90)
    assert any("sleep" in process.command for process in stack.living())
    assert stack.run("down").returncode == 0
    assert stack.living() == []


def test_a_run_is_cancelled_in_order_and_called_crashed_when_it_is_killed(stack: Stack) -> None:
    """The worker started a launcher; both mean the process that was forked for it, and its child."""
    stack.up()
    cancelled, killed = _start(stack), _start(stack)
    for run in (cancelled, killed):
        until(lambda run=run: "a word from the engine" in "".join(_lines(stack, run)), 90)  # type: ignore[misc]
    _post(stack, f"flow_runs/{cancelled}/set_state", {"state": {"type": "CANCELLING"}})
    until(lambda: _state(stack, cancelled) == "CANCELLED", 90)
    assert len(_sleeping(stack)) == 1, "the child of the other run"
    process_of(str(stack.settings.state), UUID(killed)).kill()
    for child in _sleeping(stack):
        os.kill(child.pid, signal.SIGKILL)  # it has the output open, to whose end the worker listens
    until(lambda: _state(stack, killed) == "CRASHED", 90)


def _state(stack: Stack, run: str) -> str:
    return str(_post(stack, "flow_runs/filter", {"flow_runs": {"id": {"any_": [run]}}})[0]["state_type"])


def _sleeping(stack: Stack) -> list[Any]:
    return [process for process in stack.living() if "sleep" in process.command]


def _start(stack: Stack) -> str:
    script = Path(__file__).with_name("start_slow_flow.py")
    done = subprocess.run(
        [sys.executable, script],
        env=child_environment(stack.settings),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()[-1]


def _lines(stack: Stack, run: str) -> list[Any]:
    found = _post(stack, "logs/filter", {"logs": {"flow_run_id": {"any_": [run]}}})
    return [line["message"] for line in found]


def _post(stack: Stack, path: str, body: Any) -> Any:
    answer = httpx.post(f"{stack.settings.prefect_url}/api/{path}", json=body, timeout=10, auth=stack.auth)
    return answer.raise_for_status().json()
