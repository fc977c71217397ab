"""When a process of the stack counts as ready."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from http.client import HTTPException

import pytest

from deployments.local.stack import specs
from deployments.local.stack.processes import Process, start_of


@pytest.fixture
def process() -> Process:
    """A process that started just now."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        return Process(child.pid, start_of(child.pid) or 0, 0, "worker", ())


@pytest.mark.parametrize(
    ("name", "beat", "ready"),
    [
        (specs.WORKER, timedelta(minutes=1), True),
        (specs.WORKER, timedelta(minutes=-1), False),
        ("another", timedelta(minutes=1), False),
        (specs.WORKER, None, False),
    ],
    ids=["its own", "of the one before", "of another worker", "none yet"],
)
def test_a_worker_is_ready_by_its_own_heartbeat(
    monkeypatch: pytest.MonkeyPatch, process: Process, name: str, beat: timedelta | None, ready: bool
) -> None:
    """The server remembers the worker that a killed stack had; its heartbeat says nothing of the new one."""
    worker = {"name": name, "last_heartbeat_time": (datetime.now(UTC) + beat).isoformat() if beat else None}
    monkeypatch.setattr(specs, "ask", lambda *_, **__: [worker])
    assert specs.worker_polls("http://prefect.test/api", "")(process) is ready


def test_a_server_answers_or_does_not(monkeypatch: pytest.MonkeyPatch, process: Process) -> None:
    """No connection, a bad status and no JSON are one and the same: not ready yet."""
    asked = specs.answers("http://prefect.test/api/health")
    monkeypatch.setattr(specs, "ask", lambda *_, **__: True)
    assert asked(process)
    polls = specs.worker_polls("http://prefect.test/api", "")
    for error in (OSError("refused"), ValueError("no JSON"), HTTPException("gone")):

        def fail(*_: object, _error: Exception = error, **__: object) -> None:
            raise _error

        monkeypatch.setattr(specs, "ask", fail)
        assert not asked(process)
        assert not polls(process)
