"""An existing database comes along: checked on the worker, put in place by the real job, undone, resumed."""

import gzip
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest
from flow_runs import Runs, told
from support.world import World

from flows.import_database import import_database
from flows.restore_sqlite import restore_sqlite
from pipeline.recovery.carry import RestoreSteps
from pipeline.recovery.record import OpenRestores
from pipeline.sqlite import imports
from pipeline.sqlite.model import DatabaseBackup
from pipeline.sqlite.store import find_backup, list_backups, read_manifest


def fill(path: Path, ids: range, migrations: tuple[str, ...] = ("0001_initial", "0002_more")) -> Path:
    """Make a database of payments, migrated so far."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE payment (id INTEGER PRIMARY KEY)")
        database.executemany("INSERT INTO payment VALUES (?)", [(item,) for item in ids])
        database.execute("CREATE TABLE django_migrations (id INTEGER PRIMARY KEY, app TEXT, name TEXT)")
        rows = [("pay", name) for name in migrations]
        database.executemany("INSERT INTO django_migrations (app, name) VALUES (?, ?)", rows)
    return path


def payments(path: str | Path) -> int:
    """Count the payments of a database."""
    with closing(sqlite3.connect(path)) as database:
        return int(database.execute("SELECT count(*) FROM payment").fetchone()[0])


@pytest.fixture
def stage(place: World) -> World:
    """Staging with r1 in service and a database of one payment."""
    place.deployed(1)
    fill(Path(place.live.database), range(1))
    return place


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The database of the old container, of fifty payments."""
    (tmp_path / "old").mkdir()
    return fill(tmp_path / "old/db.sqlite3", range(50))


def imported(stage: World) -> list[DatabaseBackup]:
    """Return the copies of files that came from elsewhere."""
    return [item for item in list_backups(stage.live) if item.imported]


class Killed(BaseException):
    """Stands for SIGKILL."""


def die_after(runs: Runs, old: Path, place: object, step: str) -> None:
    """Import, and die after a step before anything is noted of it."""
    act = getattr(place, step)

    def dying(*given: Any) -> NoReturn:
        act(*given)
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(place, step, dying)
        with pytest.raises(Killed):
            runs.run(import_database, source=str(old), confirm="staging")


def test_a_database_comes_along(stage: World, runs: Runs, old: Path) -> None:
    """The service stops meanwhile; the old one is a file and a backup, the new one is backed up at once."""
    state = runs.run(import_database, source=str(old), confirm="staging")
    assert state.type.value == "COMPLETED", told(state)
    assert payments(stage.live.database) == 50
    (aside,) = stage.data.glob("db.sqlite3.before-*")
    assert payments(aside) == 1
    assert [item["desiredCount"] for item in stage.ecs.updates] == [0, 1]
    (row,) = runs.artifact(state, "import")
    assert (row["tables"], row["rows"], row["newest migration"]) == (2, 52, "pay.0002_more")
    kinds = [(item.apart, read_manifest(stage.live, item).reason) for item in list_backups(stage.live)]
    assert sorted(kinds) == [
        ("", "after an import"),
        ("imported", "import"),
        ("replaced by a restore", "before-restore"),
    ]
    assert payments(old) == 50
    assert OpenRestores(stage.live).find() is None
    assert stage.heard() == ["database.restored", "backup.made"]


def test_a_dump_in_the_bucket_comes_along_to_the_database_that_is_named(
    stage: World, runs: Runs, old: Path
) -> None:
    """A dry run checks it and changes nothing; the main database stays as it is."""
    jobs = stage.data / "jobs.sqlite3"
    fill(jobs, range(2))
    stage.live = stage.given(databases=(stage.live.database, str(jobs)))
    with closing(sqlite3.connect(old)) as database:
        dump = gzip.compress("\n".join(database.iterdump()).encode())
    stage.client("s3").put_object(Bucket="backups", Key="imports/jobs.sql.gz", Body=dump)
    given = {"source": "s3://backups/imports/jobs.sql.gz", "database": "jobs"}
    shown = runs.run(import_database, dry_run=True, **given)
    assert [row["to"] for row in runs.artifact(shown, "import")] == [str(jobs)]
    assert (imported(stage), stage.ecs.updates, payments(jobs)) == ([], [], 2)
    state = runs.run(import_database, confirm="staging", **given)
    assert state.type.value == "COMPLETED", told(state)
    assert (payments(jobs), payments(stage.live.database)) == (50, 1)


def test_what_speaks_against_it_is_said_before_anything_is_done(
    stage: World, runs: Runs, old: Path, tmp_path: Path
) -> None:
    """Nothing is uploaded, nothing stops."""
    rubbish, newer = tmp_path / "rubbish", tmp_path / "newer"
    rubbish.write_bytes(b"rubbish" * 1000)
    fill(newer, range(5), ("0001_initial", "0002_more", "0003_most"))
    given = {"confirm": "staging"}
    for parameters, why in (
        ({"source": str(old), "confirm": "production"}, "confirm is 'production'"),
        ({"source": str(old), "database": "jobs"}, "has no database 'jobs', only db"),
        ({"source": str(tmp_path / "absent")}, "there is no such file on the worker"),
        ({"source": str(rubbish)}, "it is no SQLite database"),
        ({"source": "s3://backups/absent"}, "there is no such object in S3"),
        ({"source": str(newer)}, "does not know: pay.0003_most"),
    ):
        assert why in told(runs.run(import_database, **{**given, **parameters}))
    stage.known = {}
    assert "does not tell its migrations" in told(runs.run(import_database, source=str(old), **given))
    assert (imported(stage), stage.ecs.updates, payments(stage.live.database)) == ([], [], 1)


def test_an_environment_that_is_not_ready_is_told_what_comes_first(
    place: World, runs: Runs, old: Path
) -> None:
    """A release shows where the database is; without one in a file there is nothing to import."""
    place.ecs.serve(place.register(1), 1)
    refused = runs.run(import_database, source=str(old), confirm="staging")
    assert "Run deploy-application first" in told(refused)
    place.live = place.given(databases=())
    refused = runs.run(import_database, source=str(old), confirm="staging")
    assert "keeps no SQLite database" in told(refused)


def test_a_person_decides_and_what_the_service_cannot_live_with_is_undone(
    stage: World, runs: Runs, old: Path
) -> None:
    """The old database and the service are back; the file stays in the bucket for the next try."""
    stage.live = replace(stage.live, settings=stage.live.settings.model_copy(update={"approval": "always"}))
    run = runs.begin(import_database, source=str(old), confirm="staging")
    assert runs.carry(import_database, run).name == "Suspended"
    assert imported(stage) == []
    refused = runs.decide(import_database, run, decision="refuse", by="rudo", note="not today")
    assert "rudo decided against it: not today" in told(refused)
    run = runs.begin(import_database, source=str(old), confirm="staging")
    runs.carry(import_database, run)
    stage.failing.add(stage.ecs.digest(stage.ecs.service["taskDefinition"]))
    undone = runs.decide(import_database, run, decision="approve", by="anna")
    assert "Nothing was restored; the database is the old one." in told(undone)
    assert (payments(stage.live.database), len(imported(stage))) == (1, 1)
    stage.failing.clear()
    stage.live = replace(stage.live, settings=stage.live.settings.model_copy(update={"approval": "never"}))
    assert runs.run(import_database, source=str(old), confirm="staging").type.value == "COMPLETED"
    assert (payments(stage.live.database), len(imported(stage))) == (50, 1)


@pytest.mark.parametrize("step", ["stop", "exchange", "start"])
def test_an_import_that_was_killed_is_carried_on(
    stage: World, runs: Runs, old: Path, tmp_path: Path, step: str
) -> None:
    """By the same import, or by a restore in place; one of another file waits for its end."""
    die_after(runs, old, RestoreSteps, step)
    assert OpenRestores(stage.live).find() is not None
    if step == "exchange":
        other = fill(tmp_path / "other", range(7))
        assert "is open" in told(runs.run(import_database, source=str(other), confirm="staging"))
        state = runs.run(restore_sqlite, in_place=True, confirm="staging")
    else:
        state = runs.run(import_database, source=str(old), confirm="staging")
    assert state.type.value == "COMPLETED", told(state)
    assert (payments(stage.live.database), len(imported(stage))) == (50, 1)
    assert (stage.ecs.updates[-1]["desiredCount"], OpenRestores(stage.live).find()) == (1, None)


def test_an_upload_that_was_killed_is_no_backup_and_is_made_again(
    stage: World, runs: Runs, old: Path
) -> None:
    """Its data without a manifest is nothing that could be restored."""
    die_after(runs, old, imports, "prove")
    assert (imported(stage), payments(stage.live.database)) == ([], 1)
    assert runs.run(import_database, source=str(old), confirm="staging").type.value == "COMPLETED"
    (kept,) = imported(stage)
    assert find_backup(stage.live).key != kept.key
    assert payments(stage.live.database) == 50
