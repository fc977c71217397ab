"""Histories of what AWS does otherwise than an emulator: tasks left at work, late states, pages, no room."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from region_application import FIRST, Behaviour
from region_runs import Run
from region_world import World, make_world

from flows.backup_sqlite import backup_sqlite
from flows.deploy_application import deploy_application
from flows.restore_sqlite import restore_sqlite
from flows.rollback_application import rollback_application
from pipeline.delivery.evidence import TaskLogs

LONGER = (*FIRST, "pay.0003_step")
SLOW = replace(Behaviour(), migrations=LONGER, migrate_seconds=240)


@pytest.fixture
def world() -> World:
    """A region with two good releases, of which the second runs."""
    made = make_world(1)
    for number in (1, 2):
        assert made.run(deploy_application, image=made.push(number, Behaviour())).state == "COMPLETED"
    return made


def killed(world: World, moment: Callable[[], object], behaviour: Behaviour) -> Run:
    """Deploy a third release, and kill that run at a moment."""
    run = world.runs.start(deploy_application, environment="staging", image=world.push(3, behaviour))
    world.clock.run(until=lambda: bool(moment()) or run.over)
    assert not run.over, run.message
    assert run.process
    run.process.kill()
    world.wait(60)
    assert run.state == "KILLED"
    return run


def records(world: World) -> list[str]:
    """Return the keys of the release records."""
    return list(world.storage.keys("backups", "releases/staging/records/"))


def moves(world: World) -> list[float]:
    """Return when the service was moved or scaled."""
    return [line.at for line in world.wire.lines if line.operation == "UpdateService"]


def test_another_release_waits_for_the_migration_that_a_killed_run_left(world: World) -> None:
    """The corrected release has another revision, and so its tasks other keys."""
    killed(world, lambda: world.volume.migrating, SLOW)
    assert world.volume.migrating
    run = world.run(deploy_application, image=world.push(4, replace(SLOW, migrate_seconds=5)))
    assert (run.state, world.volume.violations) == ("COMPLETED", [])


def test_a_rollback_waits_for_the_migration_that_a_killed_run_left(world: World) -> None:
    """The older release would be started on a database that is changing under it."""
    killed(world, lambda: world.volume.migrating, SLOW)
    before = len(moves(world))
    run = world.runs.start(rollback_application, environment="staging")
    world.clock.run(until=lambda: run.over or len(moves(world)) > before)
    assert not world.volume.migrating
    world.clock.run(until=lambda: run.over)
    assert (run.state, world.runs_now) == ("COMPLETED", "r1")


def test_a_way_back_that_was_recorded_and_not_told_is_not_gone_twice(world: World) -> None:
    """The first run was killed behind its record: its request is fulfilled, and nobody knows."""
    assert world.run(deploy_application, image=world.push(3, Behaviour())).state == "COMPLETED"
    first = world.runs.start(rollback_application, environment="staging")
    recorded = len(records(world))
    world.clock.run(until=lambda: len(records(world)) > recorded or first.over)
    assert not first.over
    assert first.process
    first.process.kill()
    world.wait(60)
    assert first.state == "KILLED"
    again = world.run(rollback_application)
    assert (again.state, world.runs_now) == ("COMPLETED", "r2")
    further = world.run(rollback_application)
    assert (further.state, world.runs_now) == ("COMPLETED", "r1")


def when(run: Run, text: str) -> float:
    """Return when a run first said something."""
    return next(float(line.split()[0]) for line in run.lines if text in line)


def on_trial(world: World) -> list[str]:
    """Return the smoke-test tasks whose container answers."""
    return [
        task.id for task in world.ecs.tasks.alive() if task.started_by.startswith("smoke-") and task.answers
    ]


def test_a_smoke_test_that_a_killed_run_left_keeps_no_restore_waiting(world: World) -> None:
    """It is a web server, and never ends by itself."""
    assert world.run(backup_sqlite).state == "COMPLETED"
    killed(world, lambda: on_trial(world), Behaviour())
    run = world.run(restore_sqlite, in_place=True, confirm="staging")
    assert when(run, "No task is left") - when(run, "The service is told to have no tasks") < 90
    assert on_trial(world) == []


def test_the_service_serves_on_while_a_restore_waits_for_a_migration(world: World) -> None:
    """What has to end does so before anything stops."""
    assert world.run(backup_sqlite).state == "COMPLETED"
    killed(world, lambda: world.volume.migrating, SLOW)
    before = len(moves(world))
    run = world.runs.start(restore_sqlite, environment="staging", in_place=True, confirm="staging")
    world.clock.run(until=lambda: run.over or len(moves(world)) > before)
    assert not world.volume.migrating
    world.clock.run(until=lambda: run.over)
    assert when(run, "Phase starting")
    assert world.volume.violations == []


def test_the_nightly_backup_stops_a_smoke_test_that_a_killed_run_left(world: World) -> None:
    """It would cost money for ever; one that is younger may be at work."""
    killed(world, lambda: on_trial(world), Behaviour())
    assert world.run(backup_sqlite).state == "COMPLETED"
    assert on_trial(world)
    world.wait(3600)
    assert world.run(backup_sqlite).state == "COMPLETED"
    assert on_trial(world) == []


def test_a_one_off_is_done_when_its_container_has_ended(world: World) -> None:
    """Fargate takes 15 to 25 seconds more to remove the task; in a restore the service is down meanwhile."""
    run = world.run(backup_sqlite)
    (task,) = (item for item in world.ecs.tasks.all.values() if item.started_by.startswith("sqlite-backup-"))
    assert (run.state, task.status) == ("COMPLETED", "DEPROVISIONING")


def test_a_migration_that_fails_is_explained_by_its_last_lines(world: World) -> None:
    """They arrive seconds after the container has ended, behind those that are there."""
    failing = replace(SLOW, migrate_seconds=40, migrate_fails_at=0)
    run = world.runs.start(deploy_application, environment="staging", image=world.push(3, failing))
    world.clock.run(until=lambda: world.volume.migrating)
    world.logs.write(f"ecs/app/{next(iter(world.volume.migrating))}", "Running migrations:")
    world.clock.run(until=lambda: run.over)
    assert run.message.startswith("django.db.utils.OperationalError: no such table")


def test_a_survey_is_read_though_its_last_page_is_empty(world: World) -> None:
    """A page may be empty, or partly full, while there are more."""
    world.logs.window = 2.0
    run = world.run(deploy_application, image=world.push(3, Behaviour()))
    assert run.state == "COMPLETED", run.message


def test_the_last_lines_of_a_quiet_task_are_found(world: World) -> None:
    """The first page goes back an hour or so."""
    world.logs.window = 4920.0
    task = world.ecs.tasks.alive("service:pay-service")[0]
    world.logs.write(f"ecs/app/{task.id}", "The last words")
    world.wait(5 * 3600)
    found: list[tuple[str, ...]] = []

    def look() -> None:
        logs = TaskLogs(world.live.access, world.live.outputs.log_group)
        found.append(logs.tail(world.live.one_off_tasks.describe(task.arn), "app"))

    world.clock.start(look)
    world.wait(60)
    assert found == [("Starting", "The last words")]


def test_a_region_that_is_full_for_a_minute_stops_no_deployment(world: World) -> None:
    """The quota of a young account is used up while tasks of the last deployment drain."""
    run = world.runs.start(deploy_application, environment="staging", image=world.push(3, Behaviour()))
    world.ecs.capacity = 0
    world.wait(60)
    assert not run.over, run.message
    world.ecs.capacity = None
    world.clock.run(until=lambda: run.over)
    assert (run.state, world.runs_now) == ("COMPLETED", "r3")


def test_a_region_that_stays_full_is_named(world: World) -> None:
    """After two minutes."""
    world.ecs.capacity = 0
    run = world.run(backup_sqlite)
    assert run.state == "FAILED"
    assert "Capacity is unavailable at this time" in run.message
