"""The virtual environment is made once, renewed in place, and made again after an interruption."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deployments.local.setup import bootstrap
from deployments.local.setup.bootstrap import (
    INPUTS,
    BootstrapError,
    Step,
    VirtualEnvironment,
    check_python,
    current,
    ensure,
    fingerprint,
    main,
    supported,
)
from deployments.paths import PROJECT


class InterruptedInstallError(Exception):
    """Stands for a kill in the middle of an installation."""


class Installer:
    """Notes which environments it was asked to fill; may be interrupted."""

    def __init__(self) -> None:
        self.found: list[bool] = []
        self.interrupted = False

    def __call__(self, environment: VirtualEnvironment) -> None:
        """Note whether an earlier installation left something."""
        mark = environment.folder / "installed"
        self.found.append(mark.exists())
        mark.touch()
        if self.interrupted:
            raise InterruptedInstallError


def make_empty(environment: VirtualEnvironment) -> None:
    """Make what counts as an environment; the real thing takes seconds and is no decision of ours."""
    environment.python.parent.mkdir(parents=True)
    environment.python.touch()


@pytest.fixture
def environment(tmp_path: Path) -> VirtualEnvironment:
    """An environment of a project with the files that it depends on, elsewhere than usual."""
    for name in INPUTS:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(PROJECT / name, tmp_path / name)
    return VirtualEnvironment(tmp_path, tmp_path / "some/where")


def test_the_environment_is_made_once_and_renewed_in_place(environment: VirtualEnvironment) -> None:
    """A second call does nothing; a changed lock file renews what is there."""
    install = Installer()
    ensure(environment, make_empty, install)
    ensure(environment, make_empty, install)
    assert install.found == [False]
    with (environment.root / "requirements/all.lock").open("a") as lock:
        lock.write("# changed\n")
    ensure(environment, make_empty, install)
    assert install.found == [False, True]
    assert current(environment) == fingerprint(environment)


def test_an_interrupted_installation_is_made_anew(environment: VirtualEnvironment) -> None:
    """Nothing of a half-made environment is kept."""
    install = Installer()
    install.interrupted = True
    with pytest.raises(InterruptedInstallError):
        ensure(environment, make_empty, install)
    assert current(environment) is None
    install.interrupted = False
    ensure(environment, make_empty, install)
    assert install.found == [False, False]


def test_another_interpreter_makes_the_environment_anew(
    environment: VirtualEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the same version, too: else the tests would run on one and name the other."""
    install = Installer()
    ensure(environment, make_empty, install)
    monkeypatch.setattr(sys, "base_prefix", "/another")
    ensure(environment, make_empty, install)
    assert install.found == [False, False]


def test_the_folder_is_the_one_that_is_named(environment: VirtualEnvironment) -> None:
    """Nothing is done where that one is finished."""
    ensure(environment, make_empty, Installer())
    assert main(["some/where"], environment.root) == 0
    assert main([str(environment.folder)], environment.root) == 0
    assert not (environment.root / ".venv").exists()


def test_the_bootstrap_needs_the_standard_library_alone() -> None:
    """It loads in an interpreter that sees no installed packages and no project."""
    place = str(PROJECT / "deployments/local/setup/bootstrap.py")
    script = f"import runpy; runpy.run_path({place!r}, run_name='loaded')"
    subprocess.run([sys.executable, "-I", "-S", "-c", script], check=True)


@pytest.mark.parametrize("version", [(3, 10), (3, 14)])
def test_an_unsupported_python_is_refused(version: tuple[int, int]) -> None:
    """The message names what would do and how to choose it."""
    with pytest.raises(BootstrapError, match=r"3\.11, 3\.12 or 3\.13.*make PYTHON="):
        check_python(version)


def test_documents_name_the_supported_versions_and_no_other() -> None:
    """A reader who has one of those that are named is not refused."""
    *others, last = supported()
    sentence = f"Python {', '.join(others)} or {last}, make and git"
    assert [
        name for name in ("README.md", "docs/set-up.md") if sentence not in (PROJECT / name).read_text()
    ] == []
    assert (
        f'requires-python = ">={others[0]},<3.{int(last[2:]) + 1}"'
        in (PROJECT / "pyproject.toml").read_text()
    )


def scripted(fails: str) -> Step:
    """Return what makes an interpreter that notes what it is asked, and fails at what is named."""

    def make(environment: VirtualEnvironment) -> None:
        failing = f'case "$*" in {fails or "nothing"}) echo "no index" >&2; exit 1;; esac'
        environment.python.parent.mkdir(parents=True)
        environment.python.write_text(f'#!/bin/sh\necho "$*" >> {environment.root}/asked\n{failing}\n')
        environment.python.chmod(0o755)

    return make


@pytest.mark.parametrize(
    ("fails", "steps"),
    [
        ("", ["uv.lock", "uv pip sync", "--editable"]),
        ("*uv.lock*", ["uv.lock", "--no-deps -r", "--editable"]),
        ("*sync*", ["uv.lock", "uv pip sync", "--no-deps -r", "--editable"]),
    ],
    ids=["uv does it", "no uv", "uv finds nothing"],
)
def test_packages_come_by_uv_or_else_by_pip(
    environment: VirtualEnvironment, fails: str, steps: list[str]
) -> None:
    """From the locks with their hashes alone; the project itself last."""
    ensure(environment, make_empty=scripted(fails))
    lines = (environment.root / "asked").read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(steps)
    assert all(step in line for step, line in zip(steps, lines, strict=True))
    assert all("--require-hashes" in line for line in lines[:-1])
    assert current(environment) == fingerprint(environment)


def test_what_neither_installs_ends_the_set_up(environment: VirtualEnvironment) -> None:
    """It is not finished then: the next one makes it anew."""
    with pytest.raises(BootstrapError, match="the locked packages could not be installed"):
        ensure(environment, make_empty=scripted("*install*|*sync*"))
    assert current(environment) is None


@pytest.mark.parametrize("root", [True, False])
def test_a_python_without_venv_is_completed_or_told(
    environment: VirtualEnvironment, monkeypatch: pytest.MonkeyPatch, root: bool
) -> None:
    """Root gets the distribution's package; anybody else the command to type."""
    asked: list[list[str]] = []
    monkeypatch.setattr(bootstrap.importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 0 if root else 1000)
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(bootstrap, "_run", lambda command, _problem: asked.append(list(command)))
    if not root:
        with pytest.raises(BootstrapError, match=r"sudo apt-get install python3\.\d+-venv"):
            bootstrap._make_empty(environment)
        return
    bootstrap._make_empty(environment)
    assert [command[:2] for command in asked] == [
        ["apt-get", "update"],
        ["apt-get", "install"],
        [sys.executable, "-m"],
    ]
