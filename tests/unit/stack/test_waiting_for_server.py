"""A worker waits for the server of its stack, and no longer than a person would."""

import pytest

from deployments.local.stack import worker
from deployments.local.stack.errors import StackError


def waits(answers: list[bool], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let a worker wait for a server that answers so, one by one; return which address it asked."""
    asked: list[str] = []

    def ask(url: str) -> object:
        asked.append(url)
        return lambda _process: answers.pop(0) if answers else False

    monkeypatch.setattr(worker, "answers", ask)
    monkeypatch.setattr(worker.time, "sleep", lambda _: None)
    monkeypatch.setenv("VIMBISO_PREFECT_PORT", "4299")
    worker.wait_for_server()
    return asked


def test_a_server_that_comes_late_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one of this stack, on its own port."""
    left = [False, False, True]
    assert waits(left, monkeypatch) == ["http://127.0.0.1:4299/api/health"]
    assert left == []


def test_one_that_does_not_come_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """With where to look."""
    monkeypatch.setattr(worker, "_WAIT", 0.0)
    with pytest.raises(StackError, match=r"did not answer at .*See: make status"):
        waits([], monkeypatch)
