"""How the demo begins."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deployments.demo import __main__ as door
from deployments.stack.folders import remove
from deployments.stack.settings import load_settings


def test_the_folder_that_it_makes_can_be_cleaned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prefect's folder is there before Prefect is, and `make clean` knows the whole for the stack's own."""
    begun: list[str] = []
    monkeypatch.delenv("VIMBISO_STACK", raising=False)
    monkeypatch.setenv("VIMBISO_STATE", str(tmp_path / "a/state"))
    monkeypatch.setattr(door, "ensure_base_image", lambda: "base")
    monkeypatch.setattr(
        os, "execve", lambda _path, _command, variables: begun.append(variables["PREFECT_HOME"])
    )
    door.use_stack()
    assert [Path(home).is_dir() for home in begun] == [True]
    remove(load_settings())
    assert not (tmp_path / "a/state").exists()


def test_prefect_is_not_imported_before_its_settings_are_known() -> None:
    """It would make its folder in the user's home, outside of the state."""
    code = "import sys; from deployments.demo import __main__; print('prefect' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
