"""The stack is brought up, looked at, taken down and wiped out, with small processes in its own's place."""

import json
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.ports import free_port

from deployments.local import verbs
from deployments.local.stack import children, commands
from deployments.local.stack.errors import StackError
from deployments.local.stack.processes import Process
from deployments.local.stack.settings import Settings
from deployments.local.stack.specs import Spec

SLEEP = "import time; time.sleep(60)"


def spec(name: str, code: str = SLEEP, **more: Any) -> Spec:
    """Return a process that runs Python code and is ready at once."""
    given: dict[str, Any] = {"ready": lambda _: True, **more}
    return Spec(name, (sys.executable, "-c", code), **given)


@pytest.fixture
def requested(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Spec]]:
    """What the stack consists of; its folder and ports are this test's own."""
    monkeypatch.setenv("VIMBISO_STATE", str(tmp_path / "state"))
    for name in ("AWS", "PREFECT", "WEBHOOK"):
        monkeypatch.setenv(f"VIMBISO_{name}_PORT", str(free_port()))
    monkeypatch.setattr("deployments.local.stack.settle._client", lambda: None)
    found = [spec("server", foreign=("AWS_",)), spec("worker", f"'worker'; {SLEEP}")]
    monkeypatch.setattr(commands, "specs", lambda _: found)
    yield found
    commands.down(Settings.read(), lambda _: None)


def states(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """Return the state of each process as `status` prints it."""
    capsys.readouterr()
    verbs.report(as_json=True)
    return {item["name"]: item["state"] for item in json.loads(capsys.readouterr().out)["processes"]}


def said(_text: str) -> None:
    """Hear what is done."""


def test_only_what_does_not_run_is_started(requested: list[Spec], capsys: pytest.CaptureFixture[str]) -> None:
    """All of it at first; then nothing; then the one that was stopped."""
    settings = Settings.read()
    assert commands.up(settings, said) == ["server", "worker"]
    assert commands.up(settings, said) == []
    commands.stop(str(settings.state), lambda process: process.name == "worker", 10)
    assert states(capsys) == {"server": "ready", "worker": "down"}
    assert commands.up(settings, said) == ["worker"]


def test_what_is_up_is_told_and_taken_down(requested: list[Spec], capsys: pytest.CaptureFixture[str]) -> None:
    """For people and as JSON; the exit code says whether all are ready."""
    verbs.up()
    told = capsys.readouterr()
    assert "Starting server ..." in told.err
    assert "The local stack is up" in told.err
    assert "this shows it: " in told.out
    assert verbs.report(as_json=False) == 0
    requested.append(spec("slow", f"'slow'; {SLEEP}", ready=lambda _: False))
    assert verbs.report(as_json=False) == 3
    verbs.down()
    assert "Stopping worker ..." in capsys.readouterr().err
    assert set(states(capsys).values()) == {"down"}


def test_a_process_that_is_not_ready_yet_is_starting(
    requested: list[Spec], capsys: pytest.CaptureFixture[str]
) -> None:
    """It runs, and does not do its work."""
    settings = Settings.read()
    commands.up(settings, said)
    requested[0] = spec("server", ready=lambda _: False)
    assert states(capsys)["server"] == "starting"
    with pytest.raises(StackError, match=r"'server' was not ready within 0 s"):
        children.await_ready(requested, settings, deadline=0.3)


def test_a_process_that_ends_is_told_with_its_last_lines(requested: list[Spec]) -> None:
    """And with the file that has the others."""
    requested[0] = spec("server", "raise SystemExit('no port')", ready=lambda _: False)
    with pytest.raises(
        StackError, match=r"'server' ended while it was starting(.|\n)*no port(.|\n)*make down"
    ):
        commands.up(Settings.read(), said)


def test_a_port_that_is_taken_is_named_before_anything_starts(requested: list[Spec], tmp_path: Path) -> None:
    """With the variable that chooses another one."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        requested[0] = spec("server", port=port, port_variable="VIMBISO_X_PORT")
        with pytest.raises(StackError, match=f"VIMBISO_X_PORT={port + 100}"):
            commands.up(Settings.read(), said)
    assert {state.state for state in commands.status(Settings.read())} == {"down"}


def test_services_that_lack_tasks_after_a_restart_are_named(
    requested: list[Spec], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only where the emulator had services before."""
    settings = Settings.read()
    monkeypatch.setattr("deployments.local.stack.settle.missing_services", lambda _: ["web"])
    requested[0] = spec("aws")
    verbs.up()
    assert "These services" not in capsys.readouterr().err
    commands.down(settings, said)
    kept = settings.state / "aws/services/ecs.json"
    kept.parent.mkdir()
    kept.touch()
    verbs.up()
    assert "These services do not run all their tasks yet: web." in capsys.readouterr().err


def test_clean_removes_the_state(requested: list[Spec], monkeypatch: pytest.MonkeyPatch) -> None:
    """With --engine the engine that the set-up started goes as well."""
    stopped = list[bool]()
    monkeypatch.setattr("deployments.local.stack.engine.stop_engine", lambda: stopped.append(True))
    settings = Settings.read()
    commands.up(settings, said)
    verbs.clean()
    assert not settings.state.exists()
    assert stopped == []
    verbs.clean(engine=True)
    assert stopped == [True]


def test_a_large_log_makes_room(tmp_path: Path) -> None:
    """The one before it is kept once; what is not there has no last lines."""
    log = tmp_path / "logs/server.log"
    assert children.last_lines(log) == ""
    children.open_log(log).write_bytes(b"x" * 2_000_001)
    assert not children.open_log(log).exists()
    assert (tmp_path / "logs/server.log.1").stat().st_size == 2_000_001


def test_a_log_is_kept_short_while_its_process_writes(tmp_path: Path) -> None:
    """What it appends afterwards follows from the beginning, without a hole."""
    log = tmp_path / "prefect.log"
    with log.open("ab", buffering=0) as written:
        written.write(b"x" * 2_000_000)
        children.bound_log(log)
        written.write(b"the last line\n")
        children.bound_log(log)
        written.write(b"another\n")
    assert log.read_bytes() == b"another\n"
    assert log.with_name("prefect.log.1").read_bytes().endswith(b"xthe last line\n")


def test_a_stranger_of_the_same_name_is_not_the_process(requested: list[Spec]) -> None:
    """What a process started has its name, but not its command."""
    stranger = Process(1, 1.0, 0, "server", ("sleep",))
    assert children.leader(requested[0], [stranger]) is None
    assert isinstance(Settings.read(), Settings)
