"""Which Pythons the machine has, and what becomes of the tests on each; the interpreters are made up."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from deployments.local.setup.interpreters import Interpreter, ask, check, find, places

OLD, NEW = Interpreter("3.11.2", "/usr/bin/python3.11", True), Interpreter("3.12.1", "/opt/python3.12", True)
BARE = Interpreter("3.13.0", "/opt/python3.13", has_venv=False)

Fake = Callable[..., Path]


@pytest.fixture
def fake(tmp_path: Path) -> Fake:
    """Return a function that puts an interpreter somewhere which says this of itself."""

    def put(where: str, version: str, kind: str = "cpython", has_venv: bool = True, path: str = "") -> Path:
        place = tmp_path / where
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"#!/bin/sh\necho {kind} {version} {has_venv} {path or place}\n")
        place.chmod(0o755)
        return place

    return put


def found_in(folder: Path, **variables: str) -> list[tuple[str, str]]:
    """Return versions and places that are found with these variables and nothing of this machine."""
    found = find(places(variables, system=str(folder / "usr/bin")))
    return [(each.version, str(Path(each.path).relative_to(folder))) for each in found]


def test_interpreters_are_found_in_path_in_the_system_and_below_pyenv(tmp_path: Path, fake: Fake) -> None:
    """Also the system's own, where a newer one comes first in PATH; in the order of their versions."""
    fake("first/python3", "3.13.10")
    fake("second/python3.12", "3.12.1")
    fake("usr/bin/python3", "3.11.2")
    fake("pyenv/versions/3.13.9/bin/python3", "3.13.9")
    path = os.pathsep.join(["", str(tmp_path / "first"), str(tmp_path / "gone"), str(tmp_path / "second")])
    assert found_in(tmp_path, PATH=path, PYENV_ROOT=str(tmp_path / "pyenv")) == [
        ("3.11.2", "usr/bin/python3"),
        ("3.12.1", "second/python3.12"),
        ("3.13.9", "pyenv/versions/3.13.9/bin/python3"),
        ("3.13.10", "first/python3"),
    ]


def test_pyenv_is_found_in_its_usual_place(tmp_path: Path, fake: Fake) -> None:
    """Where its variable is not set."""
    fake("home/.pyenv/versions/x/bin/python3", "3.12.4")
    assert found_in(tmp_path, HOME=str(tmp_path / "home")) == [
        ("3.12.4", "home/.pyenv/versions/x/bin/python3")
    ]


def test_each_version_is_found_once_and_rather_where_it_can_make_environments(
    tmp_path: Path, fake: Fake
) -> None:
    """Two micro versions are two; a link or a shim is none of its own."""
    fake("a/python3", "3.12.1", has_venv=False)
    fake("a/python3.12", "3.12.2", path=str(tmp_path / "real/python3"))
    fake("b/python3", "3.12.1")
    fake("b/python3.12", "3.12.1", has_venv=False)
    path = os.pathsep.join([str(tmp_path / "a"), str(tmp_path / "b")])
    assert found_in(tmp_path, PATH=path) == [("3.12.1", "b/python3"), ("3.12.2", "real/python3")]


@pytest.mark.parametrize(
    ("version", "kind"), [("3.10.14", "cpython"), ("3.14.0", "cpython"), ("3.11.9", "pypy")]
)
def test_what_the_locked_packages_do_not_support_is_no_interpreter(
    fake: Fake, version: str, kind: str
) -> None:
    """Too old, too new, or of another kind."""
    assert ask(fake("python3", version, kind)) is None


def test_what_does_not_answer_is_no_interpreter(tmp_path: Path) -> None:
    """A shim without a version behind it, a file that may not be run, something else of that name."""
    shim, text, other = (tmp_path / name for name in ("shim", "text", "other"))
    shim.write_text("#!/bin/sh\nexit 127\n")
    other.write_text("#!/bin/sh\necho hello\n")
    text.write_text("hello")
    shim.chmod(0o755)
    other.chmod(0o755)
    assert [ask(place) for place in (shim, text, other)] == [None, None, None]


def test_a_real_interpreter_answers() -> None:
    """The question is one that Python understands: the one that runs this test is supported."""
    found = ask(Path(sys.executable))
    assert found is not None
    assert found.version == ".".join(map(str, sys.version_info[:3]))


class Machine:
    """Notes what is run; whatever holds one of the words ends with 1."""

    def __init__(self, *failing: str) -> None:
        self.ran: list[str] = []
        self._failing = failing

    def __call__(self, command: Sequence[str]) -> int:
        """Run."""
        self.ran.append(" ".join(command))
        return int(any(word in self.ran[-1] for word in self._failing))


@pytest.mark.parametrize(
    ("found", "failing", "code"),
    [
        ([OLD, NEW], [], 0),
        ([OLD, NEW], ["3.11.2/bin/python -m pytest"], 1),
        ([OLD, NEW], ["/opt/python3.12 "], 1),
        ([OLD, BARE], ["/opt/python3.13 "], 0),
        ([BARE], [], 0),
        ([BARE], ["/opt/python3.13 "], 1),
        ([OLD, BARE], ["3.13.0/bin/python -m pytest"], 1),
        ([], [], 1),
    ],
)
def test_one_failure_is_a_failure_and_so_is_nothing_at_all(
    found: list[Interpreter], failing: list[str], code: int
) -> None:
    """An interpreter without venv is left out where the set-up cannot help it, and counts where it can."""
    assert check(found, ["tests/unit"], Machine(*failing)) == code


def test_each_is_tested_in_an_environment_of_its_own_and_named(capsys: pytest.CaptureFixture[str]) -> None:
    """The others go on after a failure; versions that the machine lacks are named, too."""
    machine = Machine("3.11.2/bin/python -m pytest")
    check([OLD, NEW], ["-n", "2", "tests/unit"], machine)
    assert [line.rpartition("/pythons/")[2] for line in machine.ran] == [
        "3.11.2",
        "3.11.2/bin/python -m pytest -n 2 tests/unit",
        "3.12.1",
        "3.12.1/bin/python -m pytest -n 2 tests/unit",
    ]
    said = capsys.readouterr().out
    assert "Python 3.11: 3.11.2 /usr/bin/python3.11\nPython 3.12: 3.12.1 /opt/python3.12\n" in said
    assert "Python 3.13: none on this machine\n" in said
    assert said.endswith("Python 3.11.2: failed, exit code 1\nPython 3.12.1: passed\n")
