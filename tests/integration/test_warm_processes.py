"""Launchers and their fork server, as a worker uses them: a launcher is to be what its process is."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deployments.fingerprint import fingerprint
from deployments.worker.warm import Warmth

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux only")
_SECONDS = 60.0


@pytest.fixture(scope="module")
def warmth() -> Iterator[Warmth]:
    """A worker's fork server, which finds the module of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent))
        patch.setenv("WARM_SERVER", "1")
        made = Warmth()
        made.command()
        yield made
        made.end()


Launch = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def launch(warmth: Warmth, tmp_path: Path) -> Iterator[Launch]:
    """Start launchers; those that still run are killed at the end."""
    started = []

    def start(end: str, command: str = "", **options: Any) -> "subprocess.Popen[str]":
        words = shlex.split(command or str(warmth.command()))
        words[-1] = "warm_module"
        process = subprocess.Popen(
            words,
            cwd=tmp_path,
            env={"WARM_END": end, "PYTHONPATH": str(Path(__file__).parent)},
            stdout=subprocess.PIPE,
            text=True,
            **options,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
            process.wait()


def told(process: "subprocess.Popen[str]") -> dict[str, Any]:
    """Return what the module says of itself."""
    assert process.stdout
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    return answer


def gone(pid: int) -> bool:
    """Whether the process ends within the time that a busy machine needs."""
    deadline = time.monotonic() + _SECONDS
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    return not Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize("code", ["0", "1", "42"])
def test_a_forked_process_has_the_launchers_place_and_exit_code(
    launch: Launch, tmp_path: Path, code: str
) -> None:
    """It runs in the launcher's folder with the launcher's variables, and no others."""
    process = launch(code)
    here = told(process)
    assert process.wait(_SECONDS) == int(code)
    assert here["warm"], "nothing was imported before"
    assert here["pid"] != process.pid
    assert (here["folder"], here["variables"]) == (str(tmp_path), {"WARM_END": code})
    assert here["home"] is None, "the server's own variables must not be seen"


def test_forked_processes_share_no_random_numbers(launch: Launch) -> None:
    """A fork inherits the state of the generator."""
    assert len({told(launch("0"))["random"] for _ in range(3)}) == 3


def test_a_signal_to_the_launcher_reaches_the_process(launch: Launch) -> None:
    """Prefect cancels a run by SIGTERM to the process that it started."""
    process = launch("term")
    told(process)
    assert process.stdout
    assert process.stdout.readline() == "waits\n"
    process.terminate()
    assert process.wait(_SECONDS) == 7


def test_a_process_that_is_killed_is_seen_as_killed(launch: Launch) -> None:
    """By its exit code a worker tells a crash."""
    assert launch("kill").wait(_SECONDS) == -signal.SIGKILL


def test_killing_the_launcher_kills_the_process(launch: Launch) -> None:
    """Nothing runs on where a worker believes that it ended the run."""
    process = launch("wait")
    pid = told(process)["pid"]
    process.kill()
    assert gone(pid)


def test_other_runs_go_on_when_one_is_killed(launch: Launch) -> None:
    """One run is nothing to another."""
    killed, other = launch("wait"), launch("term")
    pid, stays = told(killed)["pid"], told(other)["pid"]
    killed.kill()
    assert gone(pid)
    assert Path(f"/proc/{stays}").exists()
    other.terminate()
    assert other.wait(_SECONDS) in {7, -signal.SIGTERM}


def test_without_a_server_the_launcher_runs_the_module_itself(launch: Launch, warmth: Warmth) -> None:
    """A run is late then, not lost."""
    words = shlex.split(str(warmth.command()))
    words[-2] = "vimbiso-nobody"
    process = launch("42", shlex.join(words))
    here = told(process)
    assert process.wait(_SECONDS) == 42
    assert (here["pid"], here["warm"]) == (process.pid, False)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a process of another user")
def test_another_user_gets_no_process(warmth: Warmth) -> None:
    """The connection ends without an answer, whether it is seen at the sending or at the reading."""
    words = shlex.split(str(warmth.command()))
    ask = f"""
import json, socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect("\\0{words[-2]}")
try:
    place = dict(module="warm_module", folder="/", variables=dict(WARM_END="0"))
    socket.send_fds(s, [json.dumps(place).encode()], [0, 1, 2])
    print("answer:", s.recv(1))
except OSError:
    print("answer:", b"")
"""
    found = subprocess.run(
        ["/usr/bin/env", "python3", "-I", "-S", "-c", ask],
        user=65534,
        cwd="/",
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert found.stdout == "answer: b''\n", found.stderr


def test_a_run_outlives_its_worker_and_the_server_ends_after_it(launch: Launch) -> None:
    """As with the processes that Prefect starts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent))
        own = Warmth()
        process = launch("term", str(own.command()))
        told(process)
        assert process.stdout
        assert process.stdout.readline() == "waits\n"
        server = own._server
        assert server
        own.end()
        process.terminate()
        assert process.wait(_SECONDS) == 7
        assert server.wait(_SECONDS) == 0


def test_a_killed_server_takes_its_runs_along_and_is_replaced(launch: Launch) -> None:
    """A run that nobody watches would never be called crashed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent))
        own = Warmth()
        process = launch("wait", str(own.command()), stderr=subprocess.DEVNULL)
        pid = told(process)["pid"]
        assert own._server
        own._server.kill()
        own._server.wait(_SECONDS)
        assert gone(pid)
        assert process.wait(_SECONDS) == 1
        after = launch("0", str(own.command()))
        assert told(after)["warm"]
        own.end()


def test_changed_code_is_imported_by_a_new_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run must not find the code of yesterday."""
    (tmp_path / "flows").mkdir()
    code = tmp_path / "flows/one.py"
    code.write_text("ONE = 1\n", encoding="utf-8")
    monkeypatch.setattr("deployments.worker.warm.PROJECT", tmp_path)
    started: list[str] = []
    monkeypatch.setattr(Warmth, "_start", lambda self: started.append(fingerprint(tmp_path)))
    own = Warmth()
    own.command()
    code.write_text("ONE = 2\n", encoding="utf-8")
    os.utime(code, ns=(1, 1))
    own.command()
    assert len(set(started)) == 2


@pytest.mark.parametrize("change", ["content", "name", "removal"])
def test_a_fingerprint_tells_every_change(tmp_path: Path, change: str) -> None:
    """Whatever changes a module: its text, its name, its end."""
    (tmp_path / "flows").mkdir()
    code = tmp_path / "flows/one.py"
    code.write_text("ONE = 1\n", encoding="utf-8")
    before = fingerprint(tmp_path)
    assert fingerprint(tmp_path) == before
    match change:
        case "content":
            code.write_text("ONE = 10\n", encoding="utf-8")
        case "name":
            code.rename(code.with_name("two.py"))
        case _:
            code.unlink()
    assert fingerprint(tmp_path) != before
