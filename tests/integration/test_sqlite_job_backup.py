"""The backup job as the task runs it, against real SQLite files and a misbehaving S3."""

import os
import resource
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlite_support import databases
from sqlite_support.jobs import backup_job, end, restore_job, run, start
from sqlite_support.loopback import Loopback, always, first, serving


@pytest.fixture
def s3() -> Iterator[Loopback]:
    """Serve a fresh S3."""
    with serving() as state:
        yield state


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    """Return the data volume."""
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """Return the task's ephemeral disk."""
    (tmp_path / "scratch").mkdir()
    return tmp_path / "scratch"


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_backup_under_write_load_holds_every_transaction_committed_before_it(
    s3: Loopback, volume: Path, scratch: Path, journal: str
) -> None:
    """What was committed before is in it, half transactions are not, and writers go on."""
    database = databases.make(volume / "db.sqlite3", journal, rows=20_000)
    with databases.writing(database) as writer:
        before = writer.committed(20)
        ended = run(s3, backup_job(s3, database), scratch)
        assert ended.code == 0, ended.log
        after = writer.committed(before + 1)
    assert ended.result is not None
    restored = volume / "restored.sqlite3"
    assert run(s3, restore_job(s3, ended.result, restored), scratch).code == 0
    total, newest, balances = databases.state(restored)
    assert total == 0
    assert newest >= before
    assert balances == newest * (newest + 1) // 2
    assert after > before
    assert ended.result["journal"] == journal
    assert databases.files(scratch) == []


def test_a_backup_leaves_nothing_beside_an_idle_database_in_wal_mode(
    s3: Loopback, volume: Path, scratch: Path
) -> None:
    """A reader alone creates -wal and -shm files; they are gone afterwards."""
    database = databases.make(volume / "db.sqlite3", "wal")
    assert run(s3, backup_job(s3, database), scratch).code == 0
    assert databases.files(volume) == ["db.sqlite3"]


def test_memory_stays_below_128_mib_and_three_parts_in_flight(
    s3: Loopback, volume: Path, scratch: Path
) -> None:
    """100 MiB that do not compress go through in parts of the real size, with one copy on the disk."""
    database = databases.make(volume / "db.sqlite3", rows=1_000, payload=100_000)
    job = backup_job(s3, database, part_bytes=8 << 20)
    process, most = start(s3, job, scratch), 0
    while process.poll() is None:
        most = max(most, on_disk(scratch))
        time.sleep(0.01)
    ended = end(s3, process)
    assert ended.code == 0, ended.log
    assert ended.result is not None
    assert ended.result["peak_kib"] < 128 * 1024
    assert len(ended.result["parts"]) > 10
    assert 1 <= s3.busiest <= 3
    assert database.stat().st_size // 2 < most <= database.stat().st_size + (1 << 20)


def test_memory_does_not_grow_with_the_database(s3: Loopback, volume: Path, scratch: Path) -> None:
    """Four times the size takes as much; what is under way is bounded by the parts."""
    peaks = []
    for rows in (250, 1_000):
        database = databases.make(volume / f"{rows}.sqlite3", rows=rows, payload=100_000)
        ended = run(s3, backup_job(s3, database), scratch)
        assert ended.result is not None
        peaks.append(ended.result["peak_kib"])
    assert peaks[1] < peaks[0] + 8 * 1024


def on_disk(folder: Path) -> int:
    """Return the bytes of the folder's files; they come and go meanwhile."""
    found = 0
    for where, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                found += (Path(where) / name).stat().st_size
    return found


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (always("403"), "upload-refused"),
        (always("404"), "upload-refused"),
        (always("503"), "upload-failed"),
        (always("cut"), "upload-failed"),
        (always("wrong-etag"), "wrong-checksum"),
    ],
)
def test_an_upload_that_fails_for_good_fails_the_job(
    s3: Loopback, volume: Path, scratch: Path, fault: object, kind: str
) -> None:
    """S3 refuses, is out of order, cuts the line or stores something else."""
    database = databases.make(volume / "db.sqlite3", rows=8_000)
    s3.faults["^/part/2$"] = fault  # type: ignore[assignment]
    ended = run(s3, backup_job(s3, database), scratch)
    assert (ended.code, ended.kind) == (1, kind)
    assert databases.files(volume) == ["db.sqlite3"]
    assert databases.files(scratch) == []


@pytest.mark.parametrize("fault", ["503", "cut", "wrong-etag"])
def test_an_upload_that_fails_at_first_is_repeated(
    s3: Loopback, volume: Path, scratch: Path, fault: str
) -> None:
    """Two failures of three tries are survived."""
    database = databases.make(volume / "db.sqlite3")
    s3.faults["^/part/1$"] = first(2, fault)
    assert run(s3, backup_job(s3, database), scratch).code == 0
    assert s3.requests.count(("PUT", "/part/1")) == 3


def test_an_unreachable_s3_ends_without_a_result(s3: Loopback, volume: Path, scratch: Path) -> None:
    """The exit code alone must tell then."""
    database = databases.make(volume / "db.sqlite3")
    job = backup_job(s3, database, part_urls=["http://127.0.0.1:1/part?x=SECRET"])
    s3.faults["^/result.json$"] = always("403")
    ended = run(s3, job, scratch)
    assert (ended.code, ended.result) == (2, None)
    assert "upload-failed" in ended.log


def test_a_full_disk_is_named(s3: Loopback, volume: Path, scratch: Path) -> None:
    """The copy hits a limit on file size, as it would hit the end of the disk."""
    database = databases.make(volume / "db.sqlite3", rows=20_000)

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 20, 2 << 20))

    ended = run(s3, backup_job(s3, database), scratch, small)
    assert (ended.code, ended.kind) == (1, "disk-full")
    assert ("PUT", "/part/1") not in s3.requests
    assert databases.files(scratch) == []


@pytest.mark.parametrize("damage", ["header", "page", "cut"])
def test_a_corrupt_source_is_not_backed_up(s3: Loopback, volume: Path, scratch: Path, damage: str) -> None:
    """Whether the header, a page or the length is wrong: nothing is sent."""
    database = databases.make(volume / "db.sqlite3", rows=20_000)
    content = bytearray(database.read_bytes())
    if damage == "header":
        content[0:16] = b"no database here"
    elif damage == "page":
        content[4096 * 500 : 4096 * 520] = b"\xff" * 4096 * 20
    else:
        del content[len(content) // 2 :]
    database.write_bytes(content)
    ended = run(s3, backup_job(s3, database), scratch)
    assert (ended.code, ended.kind) == (1, "corrupt")
    assert ("PUT", "/part/1") not in s3.requests


def test_a_wrong_path_is_no_empty_database(s3: Loopback, volume: Path, scratch: Path) -> None:
    """Nothing is created where nothing was."""
    ended = run(s3, backup_job(s3, volume / "absent.sqlite3"), scratch)
    assert (ended.code, ended.kind) == (1, "no-database")
    assert databases.files(volume) == []


def test_a_hot_journal_is_waited_for_and_never_ignored(s3: Loopback, volume: Path, scratch: Path) -> None:
    """Half of a dead writer's transaction is in the file: no backup of that, and no rollback by us."""
    database = databases.make(volume / "db.sqlite3")
    databases.kill_within_transaction(database)
    before = database.read_bytes()
    ended = run(s3, backup_job(s3, database, patience=1), scratch)
    assert (ended.code, ended.kind) == (1, "hot-journal")
    assert database.read_bytes() == before
    databases.state_after_rollback(database)
    assert run(s3, backup_job(s3, database, patience=1), scratch).code == 0


def test_a_lock_that_stays_ends_the_wait(s3: Loopback, volume: Path, scratch: Path) -> None:
    """Python's own backup loop would wait for ever."""
    database = databases.make(volume / "db.sqlite3")
    with databases.locked(database):
        ended = run(s3, backup_job(s3, database, patience=1), scratch)
    assert (ended.code, ended.kind) == (1, "busy")


@pytest.mark.parametrize("moment", ["/part/1", "/part/2", "/result.json"])
def test_a_killed_job_harms_nothing_and_can_be_repeated(
    s3: Loopback, volume: Path, scratch: Path, moment: str
) -> None:
    """SIGKILL during the upload or the report: no result, the database as it was, the next job succeeds."""
    database = databases.make(volume / "db.sqlite3", "wal", rows=8_000)
    content = database.read_bytes()
    s3.faults[f"^{moment}$"] = first(1, "hang")
    process = start(s3, backup_job(s3, database), scratch)
    assert s3.reached.wait(300)
    process.kill()
    ended = end(s3, process)
    s3.release.set()
    assert (ended.code, ended.result) == (-signal.SIGKILL, None)
    assert databases.files(volume) == ["db.sqlite3"]
    assert database.read_bytes() == content
    assert run(s3, backup_job(s3, database), scratch).code == 0


def test_a_stopped_task_says_so_and_cleans_up(s3: Loopback, volume: Path, scratch: Path) -> None:
    """ECS sends SIGTERM first."""
    database = databases.make(volume / "db.sqlite3")
    s3.faults["^/part/1$"] = first(1, "hang")
    process = start(s3, backup_job(s3, database), scratch)
    assert s3.reached.wait(300)
    process.terminate()
    s3.release.set()
    ended = end(s3, process)
    assert (ended.code, ended.kind) == (1, "stopped")
    assert databases.files(scratch) == []


@pytest.mark.holds("application container", "read")
def test_orders_that_were_read_are_gone(s3: Loopback, volume: Path, scratch: Path) -> None:
    """Before anything is done: they hold URLs to the database, and their own URL can be looked up."""
    database = databases.make(volume / "db.sqlite3")
    assert run(s3, backup_job(s3, database), scratch).code == 0
    assert s3.requests[:2] == [("GET", "/job.json"), ("PUT", "/job.json")]
    assert s3.objects["/job.json"] == b"{}"


def test_a_changed_job_file_is_not_run(s3: Loopback, volume: Path, scratch: Path) -> None:
    """The bootstrap insists on the digest that the pipeline gave it."""
    database = databases.make(volume / "db.sqlite3")
    s3.faults["^/job.json$"] = always("damage")
    ended = run(s3, backup_job(s3, database), scratch)
    assert ended.code == 1
    assert "not the one that the pipeline wrote" in ended.log
    assert s3.requests == [("GET", "/job.json")]
