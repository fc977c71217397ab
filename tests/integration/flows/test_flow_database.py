"""Backups of the database, and what is made of them: the real job in a process, on S3."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from flow_runs import Runs, told
from support.refusals import refusing
from support.world import World

from flows.backup_sqlite import backup_sqlite
from flows.check_backups import check_backups
from flows.deploy_application import deploy_application
from flows.drill_restore import drill_restore
from flows.restore_sqlite import restore_sqlite
from pipeline.recovery.record import OpenRestores, begin
from pipeline.sqlite.layout import stem
from pipeline.sqlite.store import find_backup, list_backups


@pytest.fixture
def stage(place: World) -> World:
    """Staging with r1 in service and a database of one payment."""
    place.deployed(1)
    pay(place, 1, "CREATE TABLE payment (id INTEGER PRIMARY KEY)")
    return place


def pay(stage: World, number: int, first: str = "SELECT 1") -> None:
    """Write a payment into the database."""
    with closing(sqlite3.connect(stage.live.database)) as database, database:
        database.execute(first)
        database.execute("INSERT INTO payment VALUES (?)", (number,))


def payments(path: str | Path) -> list[int]:
    """Return the payments that a database holds."""
    with closing(sqlite3.connect(path)) as database:
        return [row[0] for row in database.execute("SELECT id FROM payment")]


@contextmanager
def kept(stage: World) -> Iterator[None]:
    """Let S3 delete no backup for a while."""

    def refuse(params: dict[str, str], **_: object) -> None:
        if params["Key"].startswith("sqlite/"):
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DeleteObject")

    events = stage.client("s3").meta.events
    events.register("before-parameter-build.s3.DeleteObject", refuse)
    yield
    events.unregister("before-parameter-build.s3.DeleteObject", refuse)


def backed_up(stage: World, runs: Runs) -> str:
    """Back the database up; return the backup's key."""
    state = runs.run(backup_sqlite)
    assert state.type.value == "COMPLETED", told(state)
    return list_backups(stage.live)[0].key


def test_a_backup_is_made_shown_and_restored_to_a_file(stage: World, runs: Runs) -> None:
    """The file has what the database had then; the live one is not touched."""
    assert runs.run(restore_sqlite).message.endswith("Run backup-sqlite and read its log.")  # type: ignore[union-attr]
    key = backed_up(stage, runs)
    pay(stage, 2)
    chosen = runs.run(restore_sqlite, dry_run=True)
    assert [row["backup"] for row in runs.artifact(chosen, "chosen-backup")] == [key]
    assert stage.commands == ["job"]
    path = stage.data / "copy.sqlite3"
    restored = runs.run(restore_sqlite, path=str(path))
    assert restored.type.value == "COMPLETED", told(restored)
    assert (payments(path), payments(stage.live.database)) == ([1], [1, 2])
    assert f"`{path}`" in runs.artifact(restored, "restored")


def test_before_the_first_release_there_is_nothing_to_back_up(place: World, runs: Runs) -> None:
    """An application that was never deployed has no database: no failure, and no backup."""
    place.ecs.serve(place.register(1), 0)
    state = runs.run(backup_sqlite)
    assert (state.type.value, place.keys()) == ("COMPLETED", [])


def test_a_database_that_is_gone_after_a_good_release_is_an_error(place: World, runs: Runs) -> None:
    """It would be the silence in which data is lost."""
    place.deployed(1)
    state = runs.run(backup_sqlite)
    assert state.type.value == "FAILED"
    assert "is not there, though a release was recorded as good" in told(state)


def test_an_application_without_a_sqlite_database_is_skipped(place: World, runs: Runs) -> None:
    """A server's database is its owner's; the archive and the state are looked at all the same."""
    place.deployed(1)
    place.live = place.given(databases=())
    state = runs.run(backup_sqlite)
    assert (state.type.value, place.keys()[1:]) == ("COMPLETED", [])


def test_backups_of_a_database_that_no_setting_names_are_an_error(stage: World, runs: Runs) -> None:
    """Settings of an earlier version name none; no release has told yet that a server has the data now."""
    backed_up(stage, runs)
    stage.live = stage.given(databases=())
    assert "There are backups of staging, and its settings name no database any more" in told(
        runs.run(backup_sqlite)
    )


def test_a_recorded_database_that_the_settings_forget_is_an_error(stage: World, runs: Runs) -> None:
    """The settings no longer name it, and the application still writes to it."""
    stage.push(2)
    stage.build_state()
    assert "SUCCEEDED" in told(runs.run(deploy_application, image="r2"))
    path = stage.live.database
    stage.live = stage.given(databases=())
    state = runs.run(backup_sqlite)
    assert f"The application writes to {path}, which the settings do not name" in told(state)
    rows = {row["copy"]: row["verdict"] for row in runs.artifact(runs.run(check_backups), "backups")}
    assert f"backup of {path}" in rows


def test_backups_past_their_time_go(stage: World, runs: Runs) -> None:
    """A dry run only shows them; one that stays against the plan fails the run, and the next tries again."""
    backed_up(stage, runs)
    old = [stem("staging", datetime.now(UTC) - timedelta(days=day), "a1") + ".gz" for day in range(3, 18)]
    for key in old:
        for name in (key, f"{key}.manifest.json"):
            stage.client("s3").put_object(Bucket="backups", Key=name, Body=b"{}")
    shown = runs.artifact(runs.run(backup_sqlite, dry_run=True), "backup-retention")
    gone = {row["backup"] for row in shown if row["decision"] == "remove"}
    assert gone
    assert gone < set(old)
    assert set(old) <= set(stage.keys())
    with kept(stage):
        state = runs.run(backup_sqlite)
    assert f"{len(gone)} backups past their time could not be removed" in told(state)
    assert runs.run(backup_sqlite).type.value == "COMPLETED"
    assert not gone & set(stage.keys())


def test_freshness_is_told(stage: World, runs: Runs) -> None:
    """The table names what is missing; what could not be read is an error."""
    backed_up(stage, runs)
    stage.build_state()
    state = runs.run(check_backups)
    rows = {row["copy"]: row["verdict"] for row in runs.artifact(state, "backups")}
    assert (state.type.value, state.message) == (
        "FAILED",
        "state backup missing. Read the last run of backup-state, then start it.",
    )
    assert rows == {
        f"backup of {stage.live.database}": "fresh",
        "state backup": "missing",
        "archive of /ecs/pay": "not due yet",
    }
    ((name, payload),) = stage.events[1:]
    assert (name, payload["flows"]) == ("backups.missing", ["backup-state"])
    assert runs.run(check_backups, dry_run=True).type.value == "FAILED"
    assert stage.heard() == ["backup.made", "backups.missing"]
    with refusing(stage.client("logs"), "DescribeLogGroups", "AccessDeniedException"):
        assert "AccessDenied" in told(runs.run(check_backups))


def test_a_drill_measures_or_marks_the_backup(stage: World, runs: Runs) -> None:
    """A backup that cannot be restored counts no longer, and the page says why."""
    key = backed_up(stage, runs)
    assert runs.run(drill_restore, dry_run=True).type.value == "COMPLETED"
    assert stage.commands == ["job"]
    good = runs.run(drill_restore)
    assert f"The newest backup of {stage.live.database} can be restored" in runs.artifact(good, "drill")
    stage.client("s3").put_object(Bucket="backups", Key=key, Body=b"rubbish")
    bad = runs.run(drill_restore)
    assert bad.type.value == "FAILED"
    assert f"The newest backup of {stage.live.database} could not be restored" in runs.artifact(bad, "drill")
    assert not find_backup(stage.live, key).verified
    assert stage.heard() == ["backup.made", "drill.passed", "drill.failed"]


def test_each_database_is_backed_up_drilled_and_restored(stage: World, runs: Runs) -> None:
    """One by its name; the other ones stay as they are, and a drill without a name drills each."""
    jobs = stage.data / "jobs.sqlite3"
    stage.live = stage.given(databases=(stage.live.database, str(jobs)))
    shutil.copy(stage.data / "db.sqlite3", jobs)
    backed_up(stage, runs)
    pay(stage, 2)
    assert runs.run(drill_restore).type.value == "COMPLETED"
    assert stage.heard() == ["backup.made", "backup.made", "drill.passed", "drill.passed"]
    assert runs.run(drill_restore, database="jobs").type.value == "COMPLETED"
    assert stage.heard()[4:] == ["drill.passed"]
    for flow in (drill_restore, restore_sqlite):
        assert "has no database 'job', only db, jobs" in told(runs.run(flow, database="job"))
    with closing(sqlite3.connect(jobs)) as database:
        database.execute("DROP TABLE payment")
    state = runs.run(restore_sqlite, in_place=True, confirm="staging", database=str(jobs))
    assert state.type.value == "COMPLETED", told(state)
    assert (payments(jobs), payments(stage.live.database)) == ([1], [1, 2])
    assert f"- database: `{jobs}`" in runs.artifact(state, "restored")


def test_an_open_restore_goes_on_with_its_own_database(stage: World, runs: Runs) -> None:
    """Whatever database the next run is asked for."""
    jobs = stage.data / "jobs.sqlite3"
    stage.live = stage.given(databases=(stage.live.database, str(jobs)))
    shutil.copy(stage.data / "db.sqlite3", jobs)
    backed_up(stage, runs)
    pay(stage, 2)
    live = stage.live.on_database("jobs")
    with closing(sqlite3.connect(jobs)) as database, database:
        database.execute("DELETE FROM payment")
    begin(live, "killed", find_backup(live), print, datetime.now(UTC))
    state = runs.run(restore_sqlite, in_place=True, confirm="staging")
    assert state.type.value == "COMPLETED", told(state)
    assert (payments(jobs), payments(stage.live.database)) == ([1], [1, 2])


def test_in_place_the_environment_is_named_once_more(stage: World, runs: Runs) -> None:
    """Nothing is done before, nor where a path is given as well; a dry run only shows what would be lost."""
    key = backed_up(stage, runs)
    shown = runs.run(restore_sqlite, in_place=True, dry_run=True)
    assert [row["backup"] for row in runs.artifact(shown, "in-place")] == [key]
    assert "confirm is 'production'" in told(runs.run(restore_sqlite, in_place=True, confirm="production"))
    both = runs.run(restore_sqlite, in_place=True, confirm="staging", path="/data/x")
    assert "path is '/data/x'" in told(both)
    assert (stage.commands, stage.ecs.updates) == (["job"], [])


def test_a_backup_takes_the_databases_place(stage: World, runs: Runs) -> None:
    """The service stops meanwhile and comes back; the old database is kept, and backed up once more."""
    key = backed_up(stage, runs)
    pay(stage, 2)
    state = runs.run(restore_sqlite, in_place=True, confirm="staging")
    assert state.type.value == "COMPLETED", told(state)
    assert payments(stage.live.database) == [1]
    (aside,) = stage.data.glob("db.sqlite3.before-*")
    assert payments(aside) == [1, 2]
    assert [item["desiredCount"] for item in stage.ecs.updates] == [0, 1]
    assert f"## {key} is the database of staging" in runs.artifact(state, "restored")
    assert OpenRestores(stage.live).find() is None


@pytest.mark.holds("worker of each environment", "approve")
def test_where_approval_is_wanted_a_person_decides(stage: World, runs: Runs) -> None:
    """A refusal leaves all as it is; a database on which the service is not well goes again."""
    backed_up(stage, runs)
    stage.live = replace(stage.live, settings=stage.live.settings.model_copy(update={"approval": "always"}))
    run = runs.begin(restore_sqlite, in_place=True, confirm="staging")
    assert runs.carry(restore_sqlite, run).name == "Suspended"
    refused = runs.decide(restore_sqlite, run, decision="refuse", by="rudo", note="not today")
    assert "rudo decided against it: not today" in told(refused)
    assert stage.ecs.updates == []
    run = runs.begin(restore_sqlite, in_place=True, confirm="staging")
    assert runs.carry(restore_sqlite, run).name == "Suspended"
    stage.failing.add(stage.ecs.digest(stage.ecs.service["taskDefinition"]))
    undone = runs.decide(restore_sqlite, run, decision="approve", by="anna")
    assert "Nothing was restored; the database is the old one." in told(undone)
    assert "HTTP 500" in told(undone)
    assert payments(stage.live.database) == [1]


@pytest.mark.parametrize("flow", [deploy_application, backup_sqlite, drill_restore])
def test_no_task_opens_a_database_that_is_half_restored(stage: World, runs: Runs, flow: Any) -> None:
    """A killed restore in place has left its note: nothing is migrated, copied or drilled until it ends."""
    backed_up(stage, runs)
    stage.push(2)
    begin(stage.live, "killed", find_backup(stage.live), print, datetime.now(UTC))
    before = len(stage.ecs.tasks), list(stage.commands)
    state = runs.run(flow, **({"image": "r2"} if flow is deploy_application else {}))
    assert "is being restored in place since" in told(state)
    assert (len(stage.ecs.tasks), stage.commands) == before
    assert len(list_backups(stage.live)) == 1


def test_a_restore_that_begins_after_the_preflight_is_seen(
    stage: World, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first thing that a deployment does with the service's lock is to look."""
    backed_up(stage, runs)
    stage.push(2)

    def meanwhile(*_: object, **__: object) -> None:
        begin(stage.live, "other", find_backup(stage.live), print, datetime.now(UTC))

    monkeypatch.setattr("flows.deploy_application.preflight", meanwhile)
    state = runs.run(deploy_application, image="r2")
    assert "is being restored in place since" in told(state)
    assert (len(stage.ecs.definitions), stage.commands) == (1, ["job", "job"])
