"""What becomes of a release that fails after migrations ran: undone, asked about, refused or explained."""

import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flow_runs import Runs, told
from prefect.client.schemas.objects import FlowRun
from support.world import World

from flows.deploy_application import deploy_application
from pipeline.databases.model import FoundDatabase
from pipeline.environment.application import DjangoSettings
from pipeline.migrations.model import Migration
from pipeline.release.model import SchemaChange

ONE_WAY = Migration(app="pay", name="0002", marker=True)
HARMLESS = Migration(app="pay", name="0003")


@pytest.fixture
def stage(place: World) -> World:
    """Staging with r1 in service, r2 in the registry, and a database; ECS itself does not roll back."""
    with closing(sqlite3.connect(place.live.database)) as database, database:
        database.execute("CREATE TABLE django_migrations (id INTEGER PRIMARY KEY, app TEXT, name TEXT)")
        database.execute("INSERT INTO django_migrations (app, name) VALUES ('pay', '0001')")
    place.deployed(1)
    place.push(2)
    place.ecs.rolls_back = False
    return place


def breaks(stage: World, number: int = 2) -> None:
    """Let a release exit as soon as it is in service."""
    stage.ecs.crashing_in_service.add(stage.push(number))


def noted(stage: World) -> SchemaChange:
    """Return the note of the migrations of r2."""
    (change,) = stage.live.schema.since(stage.live.releases.newest()[-1].started_at)
    return change


def suspended(stage: World, runs: Runs) -> FlowRun:
    """Deploy r2, which fails in service after an irreversible migration; return the run that asks."""
    stage.pending = [ONE_WAY]
    breaks(stage)
    run = runs.begin(deploy_application, image="r2")
    state = runs.carry(deploy_application, run)
    assert state.name == "Suspended", told(state)
    return run


def question(runs: Runs, run: FlowRun) -> str:
    """Return what the suspended run's form says above its fields."""
    context = runs.client.read_flow_run(run.id).state.state_details.run_input_keyset  # type: ignore[union-attr]
    assert context is not None
    answer: Any = runs.client._client.get(f"/flow_runs/{run.id}/input/{context['description']}")
    return str(answer.json())


def test_pending_migrations_run_after_a_backup(stage: World, runs: Runs) -> None:
    """The record names them and the backup, which lies in S3 with its manifest."""
    stage.pending = [HARMLESS]
    state = runs.run(deploy_application, image="r2")
    assert "SUCCEEDED: release r2" in told(state)
    assert stage.commands == ["shell", "job", "migrate"]
    record = stage.live.releases.newest(1)[0]
    assert (record.migrations, record.irreversible) == (("pay.0003",), False)
    assert {record.backup, f"{record.backup}.manifest.json"} <= set(stage.keys())


def test_before_there_is_a_database_there_is_nothing_to_back_up(stage: World, runs: Runs) -> None:
    """The survey saw none; afterwards it is known that there is one."""
    stage.pending = [HARMLESS]
    Path(stage.live.database).unlink()
    assert "SUCCEEDED: release r2" in told(runs.run(deploy_application, image="r2"))
    assert stage.commands == ["shell", "migrate"]
    assert noted(stage).backup == ""
    known = stage.live.database_record.read()
    assert known is not None
    assert known.filled == (stage.live.database,)


def test_data_that_would_not_outlive_a_task_keeps_a_release_out(stage: World, runs: Runs) -> None:
    """Nothing is migrated, nothing recorded, and the release before serves on."""
    stage.pending = [HARMLESS]
    stage.databases = [FoundDatabase(alias="default", vendor="sqlite", path="/app/db.sqlite3", mount="/")]
    state = runs.run(deploy_application, image="r2")
    assert "Database 'default' is /app/db.sqlite3, inside the container" in told(state)
    assert (stage.commands, stage.runs) == (["shell"], "r1")
    assert stage.live.database_record.read() is None


def test_a_database_that_vanished_keeps_a_release_out(stage: World, runs: Runs) -> None:
    """An empty volume would be migrated, served and backed up in the place of the data."""
    assert "SUCCEEDED: release r2" in told(runs.run(deploy_application, image="r2"))
    Path(stage.live.database).unlink()
    stage.pending = [HARMLESS]
    stage.push(3)
    state = runs.run(deploy_application, image="r3")
    assert "is not there or empty, though an earlier release kept its data in it" in told(state)
    assert stage.runs == "r2"


def test_an_application_that_migrates_itself_does_so_in_one_task(stage: World, runs: Runs) -> None:
    """Its smoke test is that task; the backup comes before, and a survey afterwards sees what ran."""
    itself = DjangoSettings(migrated_by="application")
    stage.live = replace(stage.live, settings=stage.live.settings.model_copy(update={"django": itself}))
    stage.pending = [HARMLESS]
    said = told(runs.run(deploy_application, image="r2", migrate=False))
    assert "migrate=false cannot be kept" in said

    def migrate_itself(task: dict[str, Any]) -> None:
        """Migrate where the release itself starts: in the smoke test after the backup."""
        if "smoke-test" in task["startedBy"] and "job" in stage.commands:
            stage.pending.clear()

    stage.ecs.wrote = migrate_itself
    assert "SUCCEEDED: release r2" in told(runs.run(deploy_application, image="r2"))
    assert stage.commands == ["shell", "shell", "job", "shell"]
    assert noted(stage).migrations == ("pay.0003",)


def test_an_application_that_should_migrate_itself_and_does_not_is_refused(stage: World, runs: Runs) -> None:
    """Its tasks would serve on a database that lacks what they need."""
    itself = DjangoSettings(migrated_by="application")
    stage.live = replace(stage.live, settings=stage.live.settings.model_copy(update={"django": itself}))
    stage.pending = [HARMLESS]
    state = runs.run(deploy_application, image="r2")
    assert "1 migrations are still pending: pay.0003" in told(state)
    assert (noted(stage).migrations, stage.runs) == ((), "r1")


def test_static_files_are_published_before_the_switch(stage: World, runs: Runs) -> None:
    """By the command that the settings name, in a task of the new release."""
    static = DjangoSettings(collect_static=["python", "manage.py", "collectstatic"])
    stage.live = replace(stage.live, settings=stage.live.settings.model_copy(update={"django": static}))
    assert "SUCCEEDED: release r2" in told(runs.run(deploy_application, image="r2"))
    assert stage.commands == ["shell", "collectstatic"]


def test_no_migration_of_a_first_release_is_irreversible(
    stage: World, runs: Runs, caplog: pytest.LogCaptureFixture
) -> None:
    """There is nothing to go back to, and no backup: neither is told of, nor advised."""
    stage.pending = [ONE_WAY]
    stage.live = stage.given(task_definition_arn=stage.ecs.service["taskDefinition"])
    stage.ecs.crashing.add(stage.push(2))
    state = runs.run(deploy_application, image="r2")
    assert "\nThe release does not start. " in told(state)
    assert "Pending: pay.0002" in caplog.text
    assert "irreversible" not in f"{told(state)}{caplog.text}"
    assert "backup" not in told(state)
    assert (noted(stage).migrations, noted(stage).irreversible) == (("pay.0002",), {})


def test_migrations_that_fail_are_noted_as_far_as_they_ran(stage: World, runs: Runs) -> None:
    """None of them did: a later rollback need not ask. The release is not tried."""
    stage.pending, stage.failing_migrations = [ONE_WAY, HARMLESS], True
    state = runs.run(deploy_application, image="r2")
    assert "\n`python manage.py migrate --noinput` failed; task " in told(state)
    assert stage.commands == ["shell", "job", "migrate", "shell"]
    assert (noted(stage).migrations, noted(stage).irreversible) == ((), {})
    assert stage.runs == "r1"


def test_a_trial_that_fails_after_irreversible_migrations_names_them(stage: World, runs: Runs) -> None:
    """The service was not touched, but the database is ahead of it."""
    stage.pending = [ONE_WAY]
    stage.ecs.crashing.add(stage.push(2))
    state = runs.run(deploy_application, image="r2")
    assert "The service was not touched, but these irreversible migrations ran" in told(state)
    assert f"pay.0002, for release r2 on {noted(stage).at:%Y-%m-%d}" in told(state)
    assert noted(stage).backup in told(state)


def test_an_approval_is_carried_out(stage: World, runs: Runs) -> None:
    """The very release that was shown returns; who decided is told, and recorded as a rollback."""
    run = suspended(stage, runs)
    assert (stage.runs, stage.heard()) == ("r2", ["backup.made", "approval.waiting"])
    assert re.search(r"Go back to release r1\?(.|\n)*until \d\d:\d\d UTC\.$", question(runs, run))
    name = runs.client.read_flow_run(run.id).name
    state = runs.decide(deploy_application, run, decision="approve", by="anna", note="runs on it")
    assert "Release r1 runs again. anna decided (runs on it)." in told(state)
    assert runs.client.read_flow_run(run.id).name.startswith(f"{name}: ")
    assert name != "staging"
    assert stage.runs == "r1"
    assert stage.live.releases.newest(1)[0].kind == "rollback"
    assert stage.heard() == ["backup.made", "approval.waiting", "release.rolled_back"]


def test_a_refusal_leaves_the_failed_release(stage: World, runs: Runs) -> None:
    """Nothing moves; the next steps are named."""
    run = suspended(stage, runs)
    updates = len(stage.ecs.updates)
    state = runs.decide(deploy_application, run, decision="refuse", by="rudo")
    assert "rudo decided against going back: the failed release stays." in told(state)
    assert f"--restore {noted(stage).backup} --confirm staging" in told(state)
    assert (stage.runs, len(stage.ecs.updates)) == ("r2", updates)


def test_an_answer_about_another_release_undoes_nothing(stage: World, runs: Runs) -> None:
    """Somebody moved the service while the question was open."""
    run = suspended(stage, runs)
    stage.deployed(3)
    state = runs.decide(deploy_application, run, decision="approve", by="anna")
    assert "Nothing was undone: the service is on app:3" in told(state)
    assert stage.runs == "r3"


def test_after_the_answer_there_may_be_no_release_left(stage: World, runs: Runs) -> None:
    """The failure that is being reported is not replaced by another one."""
    run = suspended(stage, runs)
    stage.ecs.deregister(stage.live.releases.newest()[-1].task_definition)
    state = runs.decide(deploy_application, run, decision="approve", by="anna")
    assert "The automatic rollback did not help: No recorded release can be deployed again: r1" in told(state)
    assert stage.runs == "r2"


def test_a_run_that_cannot_ask_says_what_to_do(stage: World, runs: Runs) -> None:
    """It undoes nothing, and names the migration, the backup and the command."""
    stage.pending = [ONE_WAY]
    breaks(stage)
    state = deploy_application(environment="staging", image="r2", return_state=True)
    assert "No automatic rollback." in told(state)
    for words in ("pay.0002", noted(stage).backup, "vimbiso rollback staging --release r1 --restore"):
        assert words in told(state)
    assert stage.runs == "r2"


def test_what_ecs_takes_back_leaves_its_migrations(stage: World, runs: Runs) -> None:
    """Nobody was asked: the error names what the old release must live with."""
    stage.pending, stage.ecs.rolls_back = [ONE_WAY], True
    breaks(stage)
    state = runs.run(deploy_application, image="r2")
    assert "ROLLED_BACK: release r2" in told(state)
    assert "Its irreversible migrations stay:\n- pay.0002" in told(state)
    assert stage.runs == "r1"


def test_without_another_good_release_the_reason_is_told(stage: World, runs: Runs) -> None:
    """Nor where the one to go back to fails as well."""
    breaks(stage)
    breaks(stage, 1)
    state = runs.run(deploy_application, image="r2")
    assert "FAILED: release r2" in told(state)
    assert "FAILED: release r1 is not back." in told(state)
    assert stage.events == []
    stage.ecs.deregister(stage.live.releases.newest()[-1].task_definition)
    stage.push(4)
    breaks(stage, 4)
    state = runs.run(deploy_application, image="r4", take_over=True, migrate=False)
    assert "The automatic rollback did not help: No recorded release can be deployed again" in told(state)
