"""What a job meets on its way, and what it calls it."""

import hashlib
import sqlite3
import urllib.request
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest

from pipeline.sqlite.job import backup, bootstrap, checks, copying, main, restore, source
from pipeline.sqlite.job.errors import JobError

URL = "https://s3.test/job.json?X-Amz-Signature=SECRET"


@pytest.mark.parametrize(
    ("said", "journal", "kind"),
    [
        ("attempt to write a readonly database", True, "hot-journal"),
        ("unable to open database file", True, "hot-journal"),
        ("unable to open database file", False, "io"),
        ("database is locked", False, "busy"),
        ("database table is locked", True, "busy"),
        ("database or disk is full", False, "disk-full"),
        ("database disk image is malformed", False, "corrupt"),
        ("file is not a database", False, "corrupt"),
        ("disk I/O error", False, "io"),
    ],
)
def test_what_sqlite_says_has_one_name(tmp_path: Path, said: str, journal: bool, kind: str) -> None:
    """The name decides what is done: waited for, told, or kept as a file."""
    if journal:
        (tmp_path / "db-journal").write_bytes(b"x")
    found = copying._translate(sqlite3.OperationalError(said), str(tmp_path / "db"))
    assert found.kind == kind
    assert said in str(found)


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Return a connection that shuts readers of ``db`` out."""
    connection = sqlite3.connect(tmp_path / "db", isolation_level=None)
    connection.execute("CREATE TABLE a(b)")
    connection.execute("BEGIN EXCLUSIVE")
    yield connection
    connection.close()


class BusyWriter:
    """A clock, and a writer that leaves the database alone for half a millisecond of each 50."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.now = 0.0
        self._connection = connection

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
        free = self.now % 0.05 < 0.0005
        if free and self._connection.in_transaction:
            self._connection.rollback()
        if not free and not self._connection.in_transaction:
            self._connection.execute("BEGIN EXCLUSIVE")

    def monotonic(self) -> float:
        """Return the time."""
        return self.now


def test_a_writer_that_leaves_only_moments_is_waited_out(
    tmp_path: Path, holder: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few looks a second, as SQLite's own wait has them, would miss each of its pauses."""
    writer = BusyWriter(holder)
    monkeypatch.setattr(copying, "time", writer)
    copying.copy(str(tmp_path / "db"), str(tmp_path / "copy"), patience=60)
    with sqlite3.connect(tmp_path / "copy") as copied:
        assert copied.execute("SELECT name FROM sqlite_master").fetchall() == [("a",)]
    copied.close()
    assert writer.now > 0


def test_a_lock_that_stays_is_given_up_after_the_patience(
    tmp_path: Path, holder: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not before, and with what to look for: Python's own backup would wait for ever."""
    writer = BusyWriter(holder)
    monkeypatch.setattr(writer, "sleep", lambda seconds: setattr(writer, "now", writer.now + seconds))
    monkeypatch.setattr(copying, "time", writer)
    with pytest.raises(JobError, match=r"look for a long transaction \(.* for 5 s\)") as caught:
        copying.copy(str(tmp_path / "db"), str(tmp_path / "copy"), patience=5)
    assert caught.value.kind == "busy"
    assert 5 < writer.now < 5.1


def test_a_corrupt_file_is_not_waited_for(tmp_path: Path) -> None:
    """It will not fix itself."""
    (tmp_path / "broken").write_bytes(b"SQLite format 3\x00" + b"x" * 5000)
    with pytest.raises(JobError) as caught:
        copying.copy(str(tmp_path / "broken"), str(tmp_path / "copy"), float("inf"))
    assert caught.value.kind == "corrupt"


def test_the_log_that_reading_left_is_removed(tmp_path: Path) -> None:
    """Not one that was there before, for then somebody uses it."""
    path, log = str(tmp_path / "db"), tmp_path / "db-wal"
    live = sqlite3.connect(path, isolation_level=None)
    live.execute("PRAGMA journal_mode=wal")
    live.execute("CREATE TABLE a(b)")
    copying.tidy_wal(path, had_wal=True)
    assert log.exists()
    live.close()
    assert not log.exists()
    copying.tidy_wal(path, had_wal=False)
    (tmp_path / "gone-wal").write_bytes(b"")
    copying.tidy_wal(str(tmp_path / "gone"), had_wal=False)
    log.write_bytes(b"")
    copying.tidy_wal(path, had_wal=False)
    assert not log.exists()


def test_a_file_that_cannot_be_read_is_no_missing_database(tmp_path: Path) -> None:
    """A folder in its place, nothing there, nothing in it, something else."""
    (tmp_path / "empty").touch()
    (tmp_path / "other").write_bytes(b"x" * 200)
    kinds = {}
    for name in (".", "gone", "empty", "other"):
        with pytest.raises(JobError) as caught:
            source.inspect(str(tmp_path / name))
        kinds[name] = caught.value.kind
    assert kinds == {".": "io", "gone": "no-database", "empty": "no-database", "other": "corrupt"}


def test_without_a_mount_table_reading_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not every kernel has /proc."""

    def refuse(*_: Any, **__: Any) -> None:
        raise FileNotFoundError

    monkeypatch.setattr("builtins.open", refuse)
    assert source.mounts() == ""
    assert main._peak_kib() > 0


def test_a_copy_that_does_not_fit_is_refused_before_it_begins(tmp_path: Path) -> None:
    """The log may hold as much again as the file."""
    huge = source.DatabaseFile(str(tmp_path / "db"), 1 << 62, "delete", "ext4")
    (tmp_path / "db-wal").write_bytes(b"x")
    with pytest.raises(JobError, match="raise the task's ephemeral storage") as caught:
        backup._room(str(tmp_path), huge)
    assert caught.value.kind == "disk-full"


@pytest.mark.parametrize(
    ("journal", "estimate", "warned"), [("delete", 9, True), ("delete", 4, False), ("wal", 9, False)]
)
def test_writers_that_would_fail_are_warned_of(journal: str, estimate: float, warned: bool) -> None:
    """In rollback modes, where the copy takes longer than they wait."""
    found = backup._lock_warning(source.DatabaseFile("db", 1, journal, "ext4"), estimate, 5)
    assert bool(found) is warned


def test_odd_schemas_are_counted_as_far_as_they_can_be(tmp_path: Path) -> None:
    """A table of a module that is not there has no count; other errors are errors."""
    connection = sqlite3.connect(tmp_path / "db")
    connection.execute("CREATE TABLE parent(a); ")
    connection.execute("CREATE TABLE child(b REFERENCES parent(a))")
    connection.execute("PRAGMA writable_schema=ON")
    odd = ("table", "odd", "odd", 0, "CREATE VIRTUAL TABLE odd USING gone(x)")
    connection.execute("INSERT INTO sqlite_master VALUES (?, ?, ?, ?, ?)", odd)
    connection.commit()
    connection.close()
    found = checks.check(str(tmp_path / "db"), "integrity_check")
    assert found["rows"] == {"parent": 0, "child": 0, "odd": None}
    assert found["foreign_key_violations"] == -1
    with sqlite3.connect(tmp_path / "db") as again, pytest.raises(sqlite3.OperationalError):
        checks._count(again, "nowhere")
    again.close()


def test_a_name_that_appears_meanwhile_is_not_written_over(tmp_path: Path) -> None:
    """A link fails where a rename would not."""
    (tmp_path / "partial").write_text("new")
    (tmp_path / "target").write_text("old")
    with pytest.raises(JobError, match="appeared meanwhile"):
        restore._appear(str(tmp_path / "partial"), str(tmp_path / "target"))
    assert (tmp_path / "target").read_text() == "old"


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[float]]:
    """Let the URL answer with these, one after the other; return the pauses in between."""

    def script(*given: bytes | OSError) -> list[float]:
        rest, pauses = list(given), list[float]()

        def fetch(url: str, timeout: float) -> BytesIO:
            assert url == URL
            answer = rest.pop(0) if len(rest) > 1 else rest[0]
            if isinstance(answer, OSError):
                raise answer
            return BytesIO(answer)

        monkeypatch.setattr(urllib.request, "urlopen", fetch)
        monkeypatch.setattr("pipeline.sqlite.job.bootstrap.time.sleep", pauses.append)
        return pauses

    return script


def test_the_job_file_is_fetched_in_spite_of_trouble(
    answers: Callable[..., list[float]], capsys: pytest.CaptureFixture[str]
) -> None:
    """The log names the trouble, never the URL, which is a secret."""
    pauses = answers(URLError(f"no route to {'host'}"), b"job")
    assert bootstrap._fetch(URL, hashlib.sha256(b"job").hexdigest()) == b"job"
    assert pauses == [0.5]
    said = capsys.readouterr().out
    assert "no route to host" in said
    assert "SECRET" not in said


@pytest.mark.parametrize(
    ("answer", "told"),
    [(b"other", "not the one that the pipeline wrote"), (URLError("x"), "check the task's way")],
)
def test_another_job_file_or_none_is_not_run(
    answers: Callable[..., list[float]], answer: bytes | OSError, told: str
) -> None:
    """Whoever could write it would run code in the application's container."""
    answers(answer)
    with pytest.raises(SystemExit, match=told):
        bootstrap._fetch(URL, hashlib.sha256(b"job").hexdigest())
