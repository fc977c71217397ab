"""Without an engine the set-up says what to type."""

import pytest

from deployments.local.stack.engine import advice


@pytest.fixture(autouse=True)
def _no_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCKER_HOST", raising=False)


@pytest.mark.parametrize(
    ("problem", "installed", "command"),
    [
        ("ConnectionError(PermissionError(13, 'Permission denied'))", True, "usermod -aG docker"),
        ("FileNotFoundError(2, 'No such file')", True, "systemctl start docker"),
        ("FileNotFoundError(2, 'No such file')", False, "apt-get install docker.io"),
    ],
)
def test_each_lack_has_its_command(problem: str, installed: bool, command: str) -> None:
    """One line, with the exact command in it."""
    line = advice(problem, installed=installed)
    assert command in line
    assert "\n" not in line


def test_a_chosen_host_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With DOCKER_HOST set, that is what does not answer."""
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    assert "DOCKER_HOST=tcp://127.0.0.1:1" in advice("refused", installed=True)
