"""The restore, drill and swap jobs as the task runs them."""

import gzip
import hashlib
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlite_support import databases
from sqlite_support.jobs import backup_job, end, restore_job, run, start
from sqlite_support.loopback import Loopback, always, first, serving
from support.zstd import frame

from pipeline.sqlite.job import swap


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


@pytest.fixture
def backup(s3: Loopback, volume: Path, scratch: Path) -> dict[str, Any]:
    """Return the result of a backup of ``db.sqlite3``."""
    database = databases.make(volume / "db.sqlite3", rows=5_000)
    ended = run(s3, backup_job(s3, database), scratch)
    assert ended.result is not None
    assert ended.code == 0, ended.log
    return ended.result


def swap_job(volume: Path, **changes: Any) -> dict[str, Any]:
    """Return orders to put ``new`` in the place of ``db.sqlite3``."""
    return {
        "action": "swap",
        "database": str(volume / "db.sqlite3"),
        "incoming": str(volume / "new"),
        "aside": str(volume / "old"),
        "integrity": "integrity_check",
        **changes,
    }


def test_a_broken_download_is_resumed(
    s3: Loopback, volume: Path, scratch: Path, backup: dict[str, Any]
) -> None:
    """The line is cut half-way, twice; the rest is asked for from where it broke."""
    s3.faults["^/backup$"] = first(2, "cut")
    ended = run(s3, restore_job(s3, backup, volume / "new"), scratch)
    assert ended.code == 0, ended.log
    assert databases.rows(volume / "new") == 5_000
    half, quarter = (whole := len(s3.objects["/backup"])) // 2, (whole - whole // 2) // 2
    asked = [offset for path, offset in s3.offsets if path == "/backup"]
    assert asked == [0, half, half + quarter]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [("403", "download-refused"), ("503", "download-failed"), ("cut", "download-failed"), ("damage", "")],
)
def test_a_restore_that_fails_leaves_no_file(
    s3: Loopback, volume: Path, scratch: Path, backup: dict[str, Any], fault: str, kind: str
) -> None:
    """No target and no partial file; damage is found by the codec or by the digest."""
    s3.faults["^/backup$"] = always(fault)
    job = restore_job(s3, backup, volume / "new")
    if fault == "cut":
        s3.objects["/backup"] = b"x"  # halves to nothing: no progress resets the count of tries
    ended = run(s3, job, scratch)
    assert ended.code == 1
    assert ended.kind in ((kind,) if kind else ("corrupt", "wrong-checksum"))
    assert databases.files(volume) == ["db.sqlite3"]


def test_a_backup_of_an_earlier_version_is_restored(
    s3: Loopback, volume: Path, scratch: Path, backup: dict[str, Any]
) -> None:
    """It is zstd, and its manifest says so."""
    job = restore_job(s3, backup, volume / "new")
    old = s3.objects["/backup"] = frame(gzip.decompress(s3.objects["/backup"]))
    ended = run(s3, {**job, "codec": "zstd", "compressed_sha256": hashlib.sha256(old).hexdigest()}, scratch)
    assert ended.code == 0, ended.log
    assert databases.rows(volume / "new") == 5_000


def test_another_backup_than_the_manifest_describes_is_refused(
    s3: Loopback, volume: Path, scratch: Path, backup: dict[str, Any]
) -> None:
    """Rows, schema and migrations must be those of the manifest."""
    checks = {**backup["checks"], "rows": {**backup["checks"]["rows"], "entry": 1}, "migrations": []}
    ended = run(s3, restore_job(s3, {**backup, "checks": checks}, volume / "new"), scratch)
    assert ended.kind == "differs"
    assert ended.result is not None
    assert "rows of entry: 1 became 5000" in ended.result["message"]
    assert databases.files(volume) == ["db.sqlite3"]


def test_an_existing_file_is_never_overwritten(
    s3: Loopback, volume: Path, scratch: Path, backup: dict[str, Any]
) -> None:
    """Unless it is what an earlier attempt of this very restore has made."""
    (volume / "new").write_text("precious")
    assert run(s3, restore_job(s3, backup, volume / "new"), scratch).kind == "exists"
    assert (volume / "new").read_text() == "precious"
    (volume / "new").unlink()
    for _ in range(2):
        assert run(s3, restore_job(s3, backup, volume / "new"), scratch).code == 0


def test_a_full_volume_leaves_no_file(
    s3: Loopback, volume: Path, scratch: Path, backup: dict[str, Any]
) -> None:
    """A limit on file size stands for the end of the volume: the partial file goes as well."""

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

    ended = run(s3, restore_job(s3, backup, volume / "new"), scratch, small)
    assert ended.kind == "disk-full"
    assert databases.files(volume) == ["db.sqlite3"]


def test_a_killed_restore_leaves_no_target_and_the_next_one_no_debris(
    s3: Loopback, volume: Path, scratch: Path, backup: dict[str, Any]
) -> None:
    """A partial file without a living owner is removed."""
    s3.faults["^/backup$"] = first(1, "hang")
    process = start(s3, restore_job(s3, backup, volume / "new"), scratch)
    assert s3.reached.wait(300)
    process.kill()
    end(s3, process)
    s3.release.set()
    assert not (volume / "new").exists()
    assert len(databases.files(volume)) > 1
    assert run(s3, restore_job(s3, backup, volume / "other"), scratch).code == 0
    assert databases.files(volume) == ["db.sqlite3", "other"]


def test_a_restore_killed_while_it_reports_has_left_it_whole(
    s3: Loopback, volume: Path, scratch: Path, backup: dict[str, Any]
) -> None:
    """The file is there by its name, and the next attempt takes it for what it is."""
    job = restore_job(s3, backup, volume / "new")
    s3.faults["^/result.json$"] = first(1, "hang")
    s3.requests.clear()
    process = start(s3, job, scratch)
    assert s3.reached.wait(300)
    process.kill()
    end(s3, process)
    s3.release.set()
    assert databases.rows(volume / "new") == 5_000
    assert run(s3, job, scratch).code == 0
    assert s3.requests.count(("GET", "/backup")) == 1
    assert databases.files(volume) == ["db.sqlite3", "new"]


def test_two_restores_to_one_name_do_not_meet(
    s3: Loopback, volume: Path, scratch: Path, backup: dict[str, Any]
) -> None:
    """The second one sees the first one's lock."""
    s3.faults["^/backup$"] = first(1, "hang")
    job = restore_job(s3, backup, volume / "new")
    process = start(s3, job, scratch)
    assert s3.reached.wait(300)
    second = run(s3, {**job, "result_url": s3.url("/second.json")}, scratch)
    assert "in-use" in second.log
    s3.release.set()
    assert end(s3, process).code == 0


def test_a_drill_leaves_nothing(s3: Loopback, volume: Path, scratch: Path, backup: dict[str, Any]) -> None:
    """Not on the volume, not on the ephemeral disk."""
    ended = run(s3, restore_job(s3, backup), scratch)
    assert ended.code == 0
    assert ended.result is not None
    assert {**ended.result["checks"], "check_seconds": 0} == {**backup["checks"], "check_seconds": 0}
    assert (databases.files(volume), databases.files(scratch)) == (["db.sqlite3"], [])


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_swap_keeps_the_old_database_whole(s3: Loopback, volume: Path, scratch: Path, journal: str) -> None:
    """A hot journal or a log is worked into the old database before it is set aside."""
    old = databases.make(volume / "db.sqlite3", journal, rows=100)
    databases.make(volume / "new", rows=7)
    if journal == "delete":
        databases.kill_within_transaction(old)
    assert run(s3, swap_job(volume), scratch).code == 0
    assert databases.files(volume) == ["db.sqlite3", "old"]
    assert databases.state(volume / "db.sqlite3") == (0, 0, 0)
    assert databases.rows(volume / "db.sqlite3") == 7
    assert databases.rows(volume / "old") == 100


def test_a_swap_is_refused_while_the_database_is_used(s3: Loopback, volume: Path, scratch: Path) -> None:
    """A lock means that the service was not stopped."""
    old = databases.make(volume / "db.sqlite3", rows=100)
    databases.make(volume / "new", rows=7)
    with databases.locked(old):
        assert run(s3, swap_job(volume), scratch).kind == "in-use"
    assert databases.files(volume) == ["db.sqlite3", "new"]


def test_a_corrupt_newcomer_is_refused_and_a_corrupt_old_database_set_aside(
    s3: Loopback, volume: Path, scratch: Path
) -> None:
    """Restoring is for the day on which the old one cannot be opened."""
    (volume / "db.sqlite3").write_bytes(b"rubbish" * 1000)
    (volume / "new").write_bytes(b"SQLite format 3\x00" + b"rubbish" * 1000)
    assert run(s3, swap_job(volume), scratch).kind == "corrupt"
    assert (volume / "db.sqlite3").read_bytes() == b"rubbish" * 1000
    (volume / "new").unlink()
    databases.make(volume / "new", rows=7)
    assert run(s3, swap_job(volume), scratch).code == 0
    assert databases.rows(volume / "db.sqlite3") == 7
    assert (volume / "old").read_bytes() == b"rubbish" * 1000


@pytest.mark.parametrize("step", ["kept", "replaced"])
def test_a_swap_that_was_killed_is_ended_by_the_next(
    s3: Loopback, volume: Path, scratch: Path, step: str
) -> None:
    """At no step is the database absent, and repeating brings the same end."""
    old = databases.make(volume / "db.sqlite3", rows=100)
    databases.make(volume / "new", rows=7)
    swap.keep(str(old), str(volume / "old"))
    if step == "replaced":
        swap.replace(str(volume / "new"), str(old))
    assert old.exists()
    for _ in range(2):
        assert run(s3, swap_job(volume), scratch).code == 0
    assert databases.rows(volume / "db.sqlite3") == 7
    assert databases.rows(volume / "old") == 100


def test_what_was_swapped_in_can_be_swapped_back(s3: Loopback, volume: Path, scratch: Path) -> None:
    """The old database returns in whatever state it was, and the new one is kept as well."""
    databases.make(volume / "db.sqlite3", rows=100)
    databases.make(volume / "new", rows=7)
    assert run(s3, swap_job(volume), scratch).code == 0
    back = {"incoming": str(volume / "old"), "aside": str(volume / "rejected"), "integrity": "none"}
    assert run(s3, swap_job(volume, **back), scratch).code == 0
    assert databases.rows(volume / "db.sqlite3") == 100
    assert databases.rows(volume / "rejected") == 7


def test_a_database_that_fails_in_place_gives_way_to_the_old_one(
    s3: Loopback, volume: Path, scratch: Path, backup: dict[str, Any]
) -> None:
    """It is sound but not what the manifest says: when the job reports that, the old one is back."""
    databases.add_rows(volume / "db.sqlite3", 5)
    assert run(s3, restore_job(s3, backup, volume / "new"), scratch).code == 0
    other = {**backup["checks"], "rows": {**backup["checks"]["rows"], "entry": 1}}
    ended = run(s3, swap_job(volume, expected=other), scratch)
    assert (ended.code, ended.kind) == (1, "differs")
    assert "is now" not in ended.log
    assert "is the old database again" in ended.log
    assert databases.rows(volume / "db.sqlite3") == 5_005
    assert (volume / "db.sqlite3").samefile(volume / "old")
    assert databases.files(volume) == ["db.sqlite3", "old"]
