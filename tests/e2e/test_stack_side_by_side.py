"""Two stacks on one machine: of two clones of one user, or of two users."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from stack_commands import PORTS, Stack, free_ports
from support.settings import stack_settings

pytestmark = [pytest.mark.nightly, pytest.mark.stack, pytest.mark.timeout(400)]
NOBODY = 65534


def test_nothing_is_written_outside_the_state(stack: Stack, tmp_path: Path) -> None:
    """Neither in the user's home nor where all users keep temporary files; Prefect's worker would do both."""
    assert stack.run("down").returncode == 0
    home, shared = tmp_path / "home", tmp_path / "shared"
    home.mkdir()
    shared.mkdir()
    done = stack.run("up", HOME=str(home), TMPDIR=str(shared))
    assert done.returncode == 0, done.stderr
    assert stack.settings.temporary.is_dir(), "temporary files lie elsewhere"
    assert [*home.iterdir(), *shared.iterdir()] == []
    assert stack.run("down").returncode == 0


@pytest.fixture(params=["the same user", "another user"])
def second(request: pytest.FixtureRequest) -> Iterator[Stack]:
    """Another stack, down at first and gone in the end, with a short path that its user can reach."""
    user = None if request.param == "the same user" else NOBODY
    if user is not None:
        _require_another_user()
    folder = Path(tempfile.mkdtemp(prefix="second-"))
    ports = free_ports(4780)
    named = {name: str(port) for name, port in zip(PORTS, ports, strict=True)}
    state = folder / "state"
    variables = {**os.environ, **named, "VIMBISO_STATE": str(state), "HOME": str(folder)}
    if user is not None:
        os.chown(folder, user, user)
        variables.pop("TF_CLI_CONFIG_FILE", None)
    made = Stack(stack_settings(state, *ports), variables, user)
    try:
        yield made
    finally:
        made.run("clean")
        shutil.rmtree(folder)


def test_a_second_stack_comes_up_beside_the_first(stack: Stack, second: Stack) -> None:
    """With other ports and another state folder, whoever was first; its end leaves the first as it is."""
    first = stack.up()
    second.up()
    assert second.run("status").returncode == 0
    owners = {path.stat().st_uid for path in second.settings.state.iterdir() if path.name != "data"}
    assert owners == {os.geteuid() if second.user is None else second.user}
    done = second.run("clean")
    assert done.returncode == 0, done.stderr
    assert not second.settings.state.exists()
    assert stack.up() == first


def _require_another_user() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can run a stack as another user")
    try:
        subprocess.run([sys.executable, "-c", "import deployments"], check=True, user=NOBODY, group=NOBODY)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("the interpreter or the checkout lies where another user may not go")
