"""The worker runs what is started on the work pool, and takes it along when the stack goes down."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from stack_commands import Stack, until

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
    query = {"logs": {"flow_run_id": {"any_": [run]}}}
    answer = httpx.post(
        f"{stack.settings.prefect_url}/api/logs/filter", json=query, timeout=10, auth=stack.auth
    )
    return [line["message"] for line in answer.json()]
