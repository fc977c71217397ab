"""Running, streaming and stopping a child process."""

import os
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.terraform.process import Ending, TerraformCommand, TimeLimits, execute

PATIENT = TimeLimits(timeout=300, interrupt_grace=120, force_grace=120, poll=0.02)
SHORT = replace(PATIENT, interrupt_grace=0.3, force_grace=0.3)
"""For a child that ends only when it is killed."""
STUBBORN = """
import signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
print("up", flush=True)
time.sleep(600)
"""
POLITE = """
import signal, sys, time
def end(*_):
    print("saved", flush=True)
    sys.exit(1)
signal.signal(signal.SIGINT, end)
print("up", flush=True)
time.sleep(600)
"""


def python(code: str) -> TerraformCommand:
    """Run a piece of Python."""
    return TerraformCommand((sys.executable, "-c", code), Path.cwd(), dict(os.environ))


def test_lines_come_in_order_and_the_end_without_newline_too() -> None:
    """Every line of stdout is handed out; stdout and stderr are kept apart."""
    lines: list[str] = []
    code = "import sys; print('a'); print('b'); sys.stdout.write('c'); sys.stderr.write('oops'); sys.exit(3)"
    finished = execute(python(code), PATIENT, on_line=lines.append)
    assert lines == ["a", "b", "c"]
    assert (finished.code, finished.stdout, finished.stderr) == (3, "a\nb\nc", "oops")
    assert (finished.ending, finished.graceful) == (Ending.BY_ITSELF, True)


def test_a_line_of_many_bytes_is_whole() -> None:
    """A plan's message may be longer than any buffer."""
    lines: list[str] = []
    execute(python("print('ä' * 3_000_000)"), PATIENT, on_line=lines.append)
    assert lines == ["ä" * 3_000_000]


@pytest.mark.parametrize(("code", "limits", "graceful"), [(POLITE, PATIENT, True), (STUBBORN, SHORT, False)])
def test_a_cancelled_child_is_interrupted_before_it_is_killed(
    code: str, limits: TimeLimits, graceful: bool
) -> None:
    """One that listens ends by itself; one that doesn't is killed in the end."""
    cancel, lines = threading.Event(), list[str]()

    def on_line(line: str) -> None:
        lines.append(line)
        cancel.set()

    finished = execute(python(code), limits, cancel, on_line)
    assert (finished.ending, finished.graceful) == (Ending.CANCELLED, graceful)
    assert lines == (["up", "saved"] if graceful else ["up"])


def test_a_child_has_its_own_session_and_its_time() -> None:
    """It is out of reach of signals to our group, and ends when its time is over."""
    lines: list[str] = []
    code = f"import os; print(os.getsid(0) == os.getpid(), flush=True)\n{POLITE}"
    for seconds in (0.5, 5, 50):  # on a busy machine the child may need longer to say anything
        finished = execute(python(code), replace(PATIENT, timeout=seconds), on_line=lines.append)
        assert finished.ending is Ending.TIMED_OUT
        if lines:
            break
    assert lines[0] == "True"


def test_an_error_of_the_listener_ends_the_child() -> None:
    """No child is left behind when a line cannot be handled."""
    pids: list[int] = []

    def on_line(line: str) -> None:
        pids.append(int(line))
        raise LookupError(line)

    code = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    with pytest.raises(LookupError):
        execute(python(code), SHORT, on_line=on_line)
    assert not Path(f"/proc/{pids[0]}").exists()


def test_what_a_killed_child_leaves_behind_is_cleared() -> None:
    """A Terraform that was killed leaves its providers in its group."""
    code = (
        "import os, signal, subprocess, sys; "
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
        "print(child.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    lines: list[str] = []
    assert execute(python(code), PATIENT, on_line=lines.append).code < 0
    for _ in range(6000):
        if not _runs(int(lines[0])):
            return
        threading.Event().wait(0.01)
    pytest.fail("the child of the killed process still runs")


def _runs(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
