"""Backups and restores on a volume that has no room, or gets full while they write."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlite_support import databases
from sqlite_support.jobs import backup_job, end, restore_job, run, start
from sqlite_support.loopback import Loopback, first, serving
from support.mounts import fill, small_volume
from support.waiting import until

ROOMY = 96
"""MiB that let both jobs begin; a backup asks for 64 MiB more than the database, a restore for 16."""
TIGHT = 8
"""MiB that hold the database, and not what the jobs ask for."""


@pytest.fixture
def s3() -> Iterator[Loopback]:
    """Serve a fresh S3."""
    with serving() as state:
        yield state


@pytest.fixture
def small(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """Return a volume of so many MiB."""
    with small_volume(tmp_path / "small", request.param) as volume:
        yield volume


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Return a database of some 3 MiB, on a volume that is not full."""
    (tmp_path / "data").mkdir()
    return databases.make(tmp_path / "data/db.sqlite3", rows=10_000)


@pytest.fixture
def backup(s3: Loopback, database: Path, tmp_path: Path) -> dict[str, Any]:
    """Return the result of a backup of the database."""
    ended = run(s3, backup_job(s3, database), tmp_path)
    assert ended.code == 0, ended.log
    assert ended.result is not None
    return ended.result


@pytest.mark.parametrize("small", [TIGHT], indirect=True)
def test_a_backup_without_room_is_refused_before_it_copies(s3: Loopback, database: Path, small: Path) -> None:
    """The error names the folder and what is free; nothing is copied or sent."""
    ended = run(s3, backup_job(s3, database), small)
    assert (ended.code, ended.kind) == (1, "disk-full")
    assert "bytes free and the copy needs" in message(ended.result)
    assert ("PUT", "/part/1") not in s3.requests
    assert databases.files(small) == []


@pytest.mark.parametrize("small", [ROOMY], indirect=True)
def test_a_disk_that_fills_up_during_a_backup_is_named(s3: Loopback, database: Path, small: Path) -> None:
    """There was room when the job looked; a writer kept it waiting, and then there is none (ENOSPC)."""
    with databases.locked(database):
        process = start(s3, backup_job(s3, database, patience=60), small)
        assert process.stdout is not None
        assert "waiting for up to 60 s" in process.stdout.readline()
        fill(small)
    ended = end(s3, process)
    assert (ended.code, ended.kind) == (1, "disk-full")
    assert "copying" in message(ended.result)
    assert ("PUT", "/part/1") not in s3.requests
    assert databases.files(small) == ["filler"]


@pytest.mark.parametrize("small", [TIGHT], indirect=True)
def test_a_restore_without_room_is_refused_before_it_downloads(
    s3: Loopback, backup: dict[str, Any], small: Path, tmp_path: Path
) -> None:
    """The error names the volume and what is free; no byte of the backup is asked for."""
    ended = run(s3, restore_job(s3, backup, small / "new"), tmp_path)
    assert (ended.code, ended.kind) == (1, "disk-full")
    assert "bytes free and the database needs" in message(ended.result)
    assert ("GET", "/backup") not in s3.requests
    assert databases.files(small) == []


@pytest.mark.parametrize("small", [ROOMY], indirect=True)
def test_a_volume_that_fills_up_during_a_restore_is_left_without_a_file(
    s3: Loopback, backup: dict[str, Any], small: Path, tmp_path: Path
) -> None:
    """Half of it has come when there is no room any more (ENOSPC): that half is removed."""
    s3.faults["^/backup$"] = first(1, "hang")
    process = start(s3, restore_job(s3, backup, small / "new"), tmp_path)
    assert s3.reached.wait(300)
    until(lambda: any(file.stat().st_size for file in small.iterdir()))
    fill(small)
    s3.release.set()
    ended = end(s3, process)
    assert (ended.code, ended.kind) == (1, "disk-full")
    assert "writing" in message(ended.result)
    assert databases.files(small) == ["filler"]


def message(result: dict[str, Any] | None) -> str:
    """Return what the job reported."""
    assert result is not None
    return str(result["message"])
