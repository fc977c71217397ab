"""rollback-application, history and verify-health, through their real steps."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flow_runs import Runs, told
from prefect.states import Crashed, Failed
from support.refusals import refusing
from support.world import World

from flows.backup_sqlite import backup_sqlite
from flows.history import history
from flows.restore_sqlite import restore_sqlite
from flows.rollback_application import rollback_application
from flows.verify_health import verify_health
from pipeline.ecs.model import Outcome
from pipeline.recovery.record import OpenRestores, begin
from pipeline.release.model import SchemaChange
from pipeline.sqlite.store import find_backup, list_backups


@pytest.fixture
def stage(place: World) -> World:
    """Staging with r3 in service, after r1 and r2."""
    for number in (1, 2, 3):
        place.deployed(number, timedelta(hours=4 - number))
    return place


def test_the_release_before_returns(stage: World, runs: Runs) -> None:
    """It is watched, verified and recorded like a deployment; to go there again is no change."""
    state = runs.run(rollback_application)
    assert told(state).startswith("Completed: SUCCEEDED: release r2."), told(state)
    record = stage.live.releases.newest(1)[0]
    assert (record.kind, record.release, stage.runs) == ("rollback", "r2", "r2")
    assert runs.client.read_flow_run(state.state_details.flow_run_id).name == "staging: r2"
    again = runs.run(rollback_application, release="r2")
    assert "NO_CHANGE: release r2" in told(again)
    assert stage.live.releases.newest(1)[0] == record


def test_rolling_back_twice_goes_two_steps_back(stage: World, runs: Runs) -> None:
    """What was taken back is left alone, until it is named or deployed again; history says so."""
    assert "SUCCEEDED: release r2" in told(runs.run(rollback_application))
    assert "SUCCEEDED: release r1" in told(runs.run(rollback_application))
    assert "No good release is left to go back to" in told(runs.run(rollback_application))
    rows = {row["release"]: row["roll back to"] for row in runs.artifact(runs.run(history), "history")}
    assert rows["r3"] == "by name alone: it was taken back"
    assert "SUCCEEDED: release r3" in told(runs.run(rollback_application, release="r3"))


def test_a_way_back_whose_run_was_killed_behind_its_record_is_told_by_the_next(
    stage: World, runs: Runs
) -> None:
    """The one after that goes further back; a run that failed has told, as the automatic return does."""
    first = runs.run(rollback_application)
    run = UUID(str(first.state_details.flow_run_id))
    for state in (Failed(), Crashed()):
        runs.client.set_flow_run_state(run, state, force=True)
        shown = runs.run(rollback_application, dry_run=True)
        goes = "release r2 (app:2)" if state.is_crashed() else "release r1 (app:1)"
        assert goes in told(shown)
    assert "NO_CHANGE: release r2" in told(runs.run(rollback_application))
    assert "SUCCEEDED: release r1" in told(runs.run(rollback_application))


def test_where_it_goes_is_shown_and_a_dry_run_does_no_more(stage: World, runs: Runs) -> None:
    """Target, commits that are undone, migrations between; the real run shows the same before it moves."""
    newest = stage.live.releases.newest(1)[0]
    stage.live.schema.write(
        SchemaChange(
            release="r3",
            task_definition=newest.task_definition,
            at=newest.started_at,
            migrations=("pay.0002",),
        )
    )
    shown = runs.run(rollback_application, dry_run=True)
    assert "Completed: Nothing was changed. From app:3 to release r2 (app:2)" in told(shown)
    page = runs.artifact(shown, "rollback")
    for words in ("release r2 (app:2)", "- release r3, no commit recorded", "- pay.0002, for release r3"):
        assert words in page
    assert (stage.ecs.updates, len(stage.live.releases.newest())) == ([], 3)
    assert runs.artifact(runs.run(rollback_application), "rollback") == page


def test_a_release_that_was_never_good_is_refused(stage: World, runs: Runs) -> None:
    """The error lists those that were."""
    stage.deployed(4, timedelta(minutes=5), outcome=Outcome.FAILED)
    state = runs.run(rollback_application, release="r4")
    assert "Release r4 is not recorded as good. Recorded good releases: r3, r2, r1." in told(state)
    assert stage.ecs.updates == []


def test_releases_that_are_gone_are_passed_over(stage: World, runs: Runs) -> None:
    """One lost its task definition, one its image; history says the same."""
    stage.ecs.deregister(stage.live.releases.newest()[1].task_definition)
    rows = {row["release"]: row["roll back to"] for row in runs.artifact(runs.run(history), "history")}
    assert "its task definition is inactive" in rows["r2"]
    assert rows["r1"] == "yes"
    assert "SUCCEEDED: release r1" in told(runs.run(rollback_application))


def test_a_database_that_is_ahead_is_refused_unless_accepted(stage: World, runs: Runs) -> None:
    """The migration, the backup before it and the command are named; nothing moves until then."""
    newest = stage.live.releases.newest(1)[0]
    change = SchemaChange(
        release="r3",
        task_definition=newest.task_definition,
        at=newest.started_at,
        migrations=("pay.0002",),
        irreversible={"pay.0002": "RemoveField"},
        backup="backups/1",
    )
    stage.live.schema.write(change)
    state = runs.run(rollback_application)
    for words in ("Not gone back to release r2; nothing was changed.", "pay.0002", "backups/1"):
        assert words in told(state)
    assert "vimbiso rollback staging --release r2 --restore backups/1 --confirm staging" in told(state)
    assert (stage.runs, stage.ecs.updates) == ("r3", [])
    assert "Not gone back" in told(runs.run(rollback_application, dry_run=True))
    assert "SUCCEEDED: release r2" in told(runs.run(rollback_application, accept_schema=True))


@pytest.fixture
def ahead(stage: World, runs: Runs) -> str:
    """A database that r3 migrated, irreversibly, after a backup; return the backup's key."""
    with closing(sqlite3.connect(stage.live.database)) as database, database:
        database.execute("CREATE TABLE django_migrations (id INTEGER PRIMARY KEY, app TEXT, name TEXT)")
        database.execute("CREATE TABLE payment (id INTEGER PRIMARY KEY)")
    runs.run(backup_sqlite)
    key = list_backups(stage.live)[0].key
    with closing(sqlite3.connect(stage.live.database)) as database, database:
        database.execute("DROP TABLE payment")
        database.execute("INSERT INTO django_migrations (app, name) VALUES ('pay', '0002')")
    change = SchemaChange(
        release="r3",
        task_definition=stage.live.releases.newest(1)[0].task_definition,
        at=datetime.now(UTC),
        migrations=("pay.0002",),
        irreversible={"pay.0002": "DeleteModel"},
        backup=key,
    )
    stage.live.schema.write(change)
    return key


def has_payments(stage: World) -> bool:
    """Whether the live database is the one that was backed up."""
    with closing(sqlite3.connect(stage.live.database)) as database:
        return bool(database.execute("SELECT 1 FROM sqlite_master WHERE name = 'payment'").fetchall())


def test_release_and_database_go_back_together(stage: World, runs: Runs, ahead: str) -> None:
    """Confirmed, the service stops, comes back as r2 on the backup, and that is recorded as a rollback."""
    shown = runs.run(rollback_application, restore=ahead, dry_run=True)
    assert f"It would go back to release r2 on the database of {ahead}." in told(shown)
    assert "confirm is ''" in told(runs.run(rollback_application, restore=ahead))
    assert (stage.ecs.updates, has_payments(stage)) == ([], False)
    state = runs.run(rollback_application, restore=ahead, confirm="staging")
    assert told(state).startswith(f"Completed: SUCCEEDED: release r2 on the database of {ahead};")
    assert (stage.runs, has_payments(stage)) == ("r2", True)
    assert [item["desiredCount"] for item in stage.ecs.updates] == [0, 1]
    record = stage.live.releases.newest(1)[0]
    assert (record.kind, record.release, record.outcome) == ("rollback", "r2", Outcome.SUCCEEDED)
    assert len(list(stage.data.glob("db.sqlite3.before-*"))) == 1
    assert OpenRestores(stage.live).find() is None


def test_a_release_that_is_not_well_on_the_backup_takes_neither_back(
    stage: World, runs: Runs, ahead: str
) -> None:
    """Whether it answers badly or ECS takes it back: the newer release runs on the newer database."""
    r2 = stage.ecs.digest(stage.live.releases.newest()[1].task_definition)
    for faults in (stage.failing, stage.ecs.crashing_in_service):
        faults.add(r2)
        state = runs.run(rollback_application, restore=ahead, confirm="staging")
        faults.clear()
        assert "Nothing was restored; the database is the old one." in told(state)
        assert (stage.runs, has_payments(stage)) == ("r3", False)
    assert stage.live.releases.newest(1)[0].release == "r3"


def test_a_backup_of_after_the_migrations_does_not_help(stage: World, runs: Runs, ahead: str) -> None:
    """Its database is ahead of the release as well."""
    runs.run(backup_sqlite)
    late = list_backups(stage.live)[0].key
    assert late != ahead
    state = runs.run(rollback_application, restore=late, confirm="staging")
    assert "Not gone back to release r2; nothing was changed." in told(state)
    assert stage.ecs.updates == []


@pytest.mark.parametrize("by", [rollback_application, restore_sqlite])
def test_what_was_killed_is_carried_on(stage: World, runs: Runs, ahead: str, by: Any) -> None:
    """By the same rollback, or by restore-sqlite in place; one to another release waits for its end."""
    target = stage.live.releases.newest()[1]
    backup = find_backup(stage.live, ahead)
    begin(stage.live, "killed", backup, print, datetime.now(UTC), target=target)
    other = runs.run(rollback_application, release="r1", restore=ahead, confirm="staging")
    assert "which ends on release r2. Run restore-sqlite with in_place" in told(other)
    given = {"restore": ahead} if by is rollback_application else {"in_place": True}
    state = runs.run(by, confirm="staging", **given)
    assert state.type.value == "COMPLETED", told(state)
    assert (stage.runs, has_payments(stage)) == ("r2", True)
    assert stage.live.releases.newest(1)[0].kind == "rollback"


def test_a_person_approves_release_and_backup(stage: World, runs: Runs, ahead: str) -> None:
    """Where the environment wants that; the form names both."""
    stage.live = replace(stage.live, settings=stage.live.settings.model_copy(update={"approval": "always"}))
    run = runs.begin(rollback_application, restore=ahead, confirm="staging")
    assert runs.carry(rollback_application, run).name == "Suspended"
    assert stage.ecs.updates == []
    ended = runs.decide(rollback_application, run, decision="approve", by="anna")
    assert "SUCCEEDED: release r2" in told(ended)
    assert stage.live.releases.newest(1)[0].by == "anna"


def test_a_release_that_does_not_run_any_more_fails_the_rollback(stage: World, runs: Runs) -> None:
    """The error says why its tasks stopped, and it is recorded."""
    stage.ecs.rolls_back = False
    stage.ecs.crashing_in_service.add(stage.ecs.digest(stage.live.releases.newest()[1].task_definition))
    state = runs.run(rollback_application)
    assert "Starting (EssentialContainerExited; " in told(state)
    assert "container app exited with 1)\nThe deployment failed" in told(state)
    assert stage.live.releases.newest(1)[0].outcome is Outcome.FAILED


def test_history_is_shown_although_ecs_does_not_answer(stage: World, runs: Runs) -> None:
    """What runs cannot be told then, nor where the service could go back to; the rest can."""
    with refusing(stage.client("ecs"), "DescribeServices", "AccessDeniedException"):
        state = runs.run(history, limit=2)
    rows = runs.artifact(state, "history")
    assert [(row["release"], row["runs"]) for row in rows] == [("r3", ""), ("r2", "")]


def test_a_place_without_releases_has_an_empty_history(place: World, runs: Runs) -> None:
    """Nothing was deployed yet, and that is no failure."""
    state = runs.run(history)
    assert (state.type.value, runs.artifact(state, "history")) == ("COMPLETED", [])


def test_health_is_verified_without_touching_anything(stage: World, runs: Runs) -> None:
    """A service that answers passes; targets that are not healthy are named; no service is an error."""
    assert runs.run(verify_health).type.value == "COMPLETED"
    stage.balancer.state = "unhealthy"
    sick = runs.run(verify_health)
    assert "is unhealthy in target group app" in told(sick).splitlines()[0]
    assert "\nDiagnosis: " in told(sick)
    assert runs.artifact(sick, "diagnosis")
    assert stage.ecs.updates == []
    stage.ecs.service = {}
    assert "does not exist. Run deploy-infrastructure" in told(runs.run(verify_health))
