"""The virtual environment is made once, renewed in place, and made anew after an interruption."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deployments.setup.bootstrap import INPUTS, BootstrapError, check_python, current, ensure, fingerprint
from deployments.setup.paths import PROJECT


class InterruptedInstallError(Exception):
    """Stands for a kill in the middle of an installation."""


class Installer:
    """Notes which environments it was asked to fill; may be interrupted."""

    def __init__(self) -> None:
        self.found: list[bool] = []
        self.interrupted = False

    def __call__(self, root: Path) -> None:
        """Note whether an earlier installation left something."""
        mark = root / ".venv/installed"
        self.found.append(mark.exists())
        mark.touch()
        if self.interrupted:
            raise InterruptedInstallError


def make_empty(root: Path) -> None:
    """Make what counts as an environment; the real thing takes seconds and is no decision of ours."""
    (root / ".venv/bin").mkdir(parents=True)
    (root / ".venv/bin/python").touch()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project folder with the files that the environment depends on."""
    for name in INPUTS:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(PROJECT / name, tmp_path / name)
    return tmp_path


def test_the_environment_is_made_once_and_renewed_in_place(root: Path) -> None:
    """A second call does nothing; a changed lock file renews what is there."""
    install = Installer()
    ensure(root, make_empty, install)
    ensure(root, make_empty, install)
    assert install.found == [False]
    with (root / "requirements/all.lock").open("a") as lock:
        lock.write("# changed\n")
    ensure(root, make_empty, install)
    assert install.found == [False, True]
    assert current(root) == fingerprint(root)


def test_an_interrupted_installation_is_made_anew(root: Path) -> None:
    """Nothing of a half-made environment is kept."""
    install = Installer()
    install.interrupted = True
    with pytest.raises(InterruptedInstallError):
        ensure(root, make_empty, install)
    assert current(root) is None
    install.interrupted = False
    ensure(root, make_empty, install)
    assert install.found == [False, False]


def test_the_bootstrap_needs_the_standard_library_alone() -> None:
    """It loads in an interpreter that sees no installed packages and no project."""
    place = str(PROJECT / "deployments/setup/bootstrap.py")
    script = f"import runpy; runpy.run_path({place!r}, run_name='loaded')"
    subprocess.run([sys.executable, "-I", "-S", "-c", script], check=True)


@pytest.mark.parametrize("version", [(3, 10), (3, 14)])
def test_an_unsupported_python_is_refused(version: tuple[int, int]) -> None:
    """The message names what would do and how to choose it."""
    with pytest.raises(BootstrapError, match=r"3\.11, 3\.12 or 3\.13.*make PYTHON="):
        check_python(version)
