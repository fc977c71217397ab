"""A swap that is stopped or killed at any of its steps on files: never half."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from noted_database import database, note

from pipeline.sqlite.job import swap as job
from pipeline.sqlite.job.errors import JobError
from pipeline.sqlite.job.main import _stop

BROKEN = b"broken" * 1000
JOURNAL = bytes(512)
"""As SQLite leaves one with journal_mode=persist; any other it would roll back or remove itself."""
STEPS = ("link", "replace", "chmod", "unlink")
EXCHANGE, RETURN = 4, 3
"""Steps that give the files their new names, and that put the old ones back."""
Blow = Callable[[], None]


class KilledError(BaseException):
    """SIGKILL: nothing more is done."""


def kill() -> None:
    """End as by SIGKILL."""
    raise KilledError


def stop() -> None:
    """Be told to stop, as ECS does."""
    os.kill(os.getpid(), signal.SIGTERM)


@pytest.fixture(autouse=True)
def told() -> Iterator[None]:
    """The job's own way with SIGTERM."""
    before = signal.signal(signal.SIGTERM, _stop)
    yield
    signal.signal(signal.SIGTERM, before)


class Stricken:
    """The os module as the swap sees it; before its step number ``at`` something befalls the job."""

    def __init__(self, at: int, blow: Blow) -> None:
        self.left, self._blow = at, blow

    def __getattr__(self, name: str) -> Any:
        found = getattr(os, name)
        if name not in STEPS:
            return found

        def step(*given: Any) -> Any:
            self.left -= 1
            if self.left == 0:
                self._blow()
            return found(*given)

        return step


def swapped(folder: Path, incoming: str, aside: str, **spec: Any) -> None:
    """Put a file in the place of ``db``."""
    names = {"database": folder / "db", "incoming": folder / incoming, "aside": folder / aside}
    job.swap({**{name: str(path) for name, path in names.items()}, **spec}, str(folder))


def struck(folder: Path, monkeypatch: pytest.MonkeyPatch, at: int, blow: Blow, expected: Any) -> bool:
    """Swap in ``new`` for a broken database with a journal; return whether it came to the step at all."""
    (folder / "db").write_bytes(BROKEN)
    (folder / "db-journal").write_bytes(JOURNAL)
    database(folder / "new", "new")
    stricken = Stricken(at, blow)
    with monkeypatch.context() as patched:
        patched.setattr(job, "os", stricken)
        with suppress(JobError, KilledError):
            swapped(folder, "new", "old", integrity="integrity_check", expected=expected)
    return stricken.left <= 0


def is_old(folder: Path) -> bool:
    """Whether the old database is in place with its journal."""
    journal = folder / "db-journal"
    return (folder / "db").read_bytes() == BROKEN and journal.exists() and journal.read_bytes() == JOURNAL


def is_new(folder: Path) -> bool:
    """Whether the new one is, and the old one's journal is with the old one."""
    beside = (folder / "old-journal").exists() and not (folder / "db-journal").exists()
    return beside and (folder / "db").read_bytes() != BROKEN and note(folder / "db") == "new"


REJECTED = {"integrity": "other"}


@pytest.mark.parametrize("expected", [None, REJECTED], ids=["well", "rejected"])
@pytest.mark.parametrize("at", range(1, 11))
def test_a_job_that_is_told_to_stop_leaves_one_database_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int, expected: dict[str, Any] | None
) -> None:
    """With what belongs to it: the new one, or the old one where that was rejected."""
    came = struck(tmp_path, monkeypatch, at, stop, expected)
    assert is_old(tmp_path) if expected and at > EXCHANGE else is_new(tmp_path)
    assert came == (at <= EXCHANGE + (RETURN if expected else 0))


@pytest.mark.parametrize("expected", [None, REJECTED], ids=["well", "rejected"])
@pytest.mark.parametrize("at", range(1, 11))
def test_a_job_that_is_killed_anywhere_is_undone_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int, expected: dict[str, Any] | None
) -> None:
    """By the job that puts the old database back, which may be killed in its turn."""
    struck(tmp_path, monkeypatch, at, kill, expected)
    assert (tmp_path / "db").read_bytes() == BROKEN or not (tmp_path / "db-journal").exists()
    for again in (at, 0):
        if (tmp_path / "old").exists():
            with monkeypatch.context() as patched:
                patched.setattr(job, "os", Stricken(again, kill))
                try:
                    swapped(tmp_path, "old", "rejected", integrity="none")
                except KilledError:
                    continue
    assert is_old(tmp_path)


@pytest.mark.parametrize("at", range(1, 11))
def test_a_job_that_is_killed_anywhere_can_be_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """It ends as if it had not been killed."""
    struck(tmp_path, monkeypatch, at, kill, None)
    swapped(tmp_path, "new", "old", integrity="integrity_check")
    assert is_new(tmp_path)
