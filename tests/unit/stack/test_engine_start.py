"""A Docker engine is made sure of: used, installed, started or asked for; the commands are scripts."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from docker.errors import DockerException

from deployments.local.setup.paths import SetupError
from deployments.local.stack import engine

Script = Callable[[str, str], None]


@pytest.fixture
def running(tmp_path: Path) -> Path:
    """A file that is there while the engine runs."""
    return tmp_path / "running"


@pytest.fixture
def script(tmp_path: Path, running: Path, monkeypatch: pytest.MonkeyPatch) -> Script:
    """Put a shell script into an otherwise empty PATH; the engine answers while ``running`` is there."""
    folder = tmp_path / "bin"
    folder.mkdir()

    class Engine:
        def ping(self) -> None:
            if not running.exists():
                raise DockerException("FileNotFoundError(2, 'No such file')")

    def write(name: str, text: str) -> None:
        (folder / name).write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{text}\n", encoding="utf-8")
        (folder / name).chmod(0o755)

    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr(engine.docker, "from_env", lambda **_: Engine())
    monkeypatch.setattr(engine, "_OWNER", str(tmp_path))
    monkeypatch.setattr(engine, "_LOG", tmp_path / "dockerd.log")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    write("systemctl", f"touch {running}")
    return write


def test_an_engine_that_answers_is_used(script: Script, running: Path) -> None:
    """Nothing is started."""
    running.touch()
    script("dockerd", "exit 1")
    engine.ensure_engine()
    assert not engine.stop_engine()


def test_root_gets_an_engine_started_and_stopped(script: Script, running: Path) -> None:
    """By systemd where it runs the machine; else as a process that can be stopped again."""
    script("dockerd", f"touch {running}; exec sleep 60")
    engine.ensure_engine()
    assert engine.stop_engine() is not Path("/run/systemd/system").is_dir()
    assert not engine.stop_engine()


def test_what_is_lacking_is_installed_first(script: Script, running: Path, tmp_path: Path) -> None:
    """From the distribution; a refusal is told with what to type."""
    script("apt-get", "echo 'no such package' >&2; exit 1")
    with pytest.raises(
        SetupError, match=r"no such package Type: apt-get update && apt-get install docker\.io"
    ):
        engine.ensure_engine()
    engines = tmp_path / "bin/dockerd"
    made = (
        f"printf '#!/bin/sh\\n/bin/touch {running}; exec /bin/sleep 60\\n' > {engines}; chmod 755 {engines}"
    )
    script("apt-get", f"echo $1 >> {tmp_path}/asked; {made}")
    engine.ensure_engine()
    assert (tmp_path / "asked").read_text(encoding="utf-8").split() == ["update", "install"]
    engine.stop_engine()


def test_where_nothing_can_be_installed_the_person_must(script: Script) -> None:
    """Another distribution than Debian's."""
    with pytest.raises(SetupError, match="Install Docker for your distribution"):
        engine.ensure_engine()


def test_an_engine_that_does_not_come_is_told_with_its_log(
    script: Script, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its last lines say why."""
    monkeypatch.setattr(engine, "_DEADLINE", 0.5)
    script("systemctl", "exit 0")
    script("dockerd", "exit 1")
    (tmp_path / "dockerd.log").write_text("no space left", encoding="utf-8")
    with pytest.raises(SetupError, match=r"dockerd did not answer(.|\n)*no space left"):
        engine.ensure_engine()


def test_others_than_root_are_told_what_to_type(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is installed or started for them, nor where a host is chosen."""
    script("dockerd", "exit 1")
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    with pytest.raises(SetupError, match="DOCKER_HOST=tcp"):
        engine.ensure_engine()
    monkeypatch.delenv("DOCKER_HOST")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(SetupError, match="systemctl start docker"):
        engine.ensure_engine()
