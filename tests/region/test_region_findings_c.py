"""Findings on ways back, scale-outs, alarms and first releases, each by the history that showed it."""

from dataclasses import replace

from region_application import GOOD
from region_pace import Pace
from region_runs import Run
from region_world import World, make_world

from flows.backup_sqlite import backup_sqlite
from flows.deploy_application import deploy_application
from flows.restore_sqlite import restore_sqlite
from flows.rollback_application import rollback_application
from flows.verify_health import verify_health

HARD = replace(
    GOOD, migrations=(*GOOD.migrations, "pay.0003_hard"), irreversible=frozenset({"pay.0003_hard"})
)


def deployed(world: World, *behaviours: object) -> list[str]:
    """Deploy releases one after the other, all of them good."""
    tags = [world.push(number, item) for number, item in enumerate(behaviours, start=1)]  # type: ignore[arg-type]
    for tag in tags:
        assert world.run(deploy_application, image=tag).state == "COMPLETED"
    return tags


def begin(world: World, number: int, behaviour: object) -> Run:
    """Begin to deploy one more release."""
    tag = world.push(number, behaviour)  # type: ignore[arg-type]
    return world.runs.start(deploy_application, environment="staging", image=tag)


def until_moving(world: World) -> None:
    """Let time pass until a deployment has begun, and a little more."""
    count = len(world.service.history)
    world.clock.run(until=lambda: len(world.service.history) > count)
    world.wait(2)


def end(world: World, run: Run) -> Run:
    """Let time pass until a run has ended or waits for a person."""
    world.clock.run(until=lambda: run.over)
    return run


def test_a_rollback_that_was_killed_does_not_go_forward_when_it_is_run_again() -> None:
    """A1: PRIMARY is on the older release already; the one before that way back is the bad one."""
    world = make_world()
    deployed(world, GOOD, GOOD, GOOD)
    run = world.runs.start(rollback_application, environment="staging")
    until_moving(world)
    assert run.process is not None
    run.process.kill()
    world.wait(60)
    assert world.run(rollback_application).state == "COMPLETED"
    assert world.runs_now == "r2"


def test_a_first_release_that_fails_blocks_no_other() -> None:
    """A3: ECS goes back to Terraform's own definition, whose image it would try for ever."""
    world = make_world()
    first = end(world, begin(world, 1, replace(GOOD, crashes_after=18)))
    assert first.state == "FAILED"
    assert "SUPERSEDED" not in first.message
    assert world.service.desired == 0
    assert end(world, begin(world, 2, GOOD)).state == "COMPLETED"


def test_a_scale_out_takes_no_good_release_back() -> None:
    """A4: one task more is wanted in the very seconds of the gates."""
    world = make_world(soak=30.0)
    deployed(world, GOOD)
    run = begin(world, 2, GOOD)
    world.clock.run(
        until=lambda: any("good answers" in line or "2 of 2 tasks run." in line for line in run.lines)
    )
    assert world.scaling.scale_out()
    assert end(world, run).state == "COMPLETED"


def test_a_rollout_and_a_scale_out_are_no_false_alarm() -> None:
    """A5: while tasks are on their way the old ones serve."""
    world = make_world()
    deployed(world, GOOD)
    run = begin(world, 2, GOOD)
    until_moving(world)
    for _ in range(3):
        assert world.run(verify_health).state == "COMPLETED"
    end(world, run)
    world.scaling.scale_out()
    assert world.run(verify_health).state == "COMPLETED"


def test_the_gates_are_gone_through_while_ecs_watches_the_alarms() -> None:
    """A6: a release that answers wrongly is known before the bake time is over."""
    world = make_world(alarms_roll_back=True, smoke_test=False)
    deployed(world, GOOD)
    run = end(world, begin(world, 2, replace(GOOD, status=500)))
    assert run.state == "FAILED"
    failed = world.service.history[-2]
    assert failed.finishing is None or failed.finishing.cancelled
    assert world.runs_now == "r1"
    run = begin(world, 3, GOOD)
    assert end(world, run).state == "COMPLETED"
    assert any("before it completes the deployment" in line for line in run.lines)
    assert world.service.primary.state == "COMPLETED"


def test_an_alarm_of_another_thing_takes_nothing_back() -> None:
    """A9: the backup's age says nothing of a release."""
    world = make_world()
    deployed(world, GOOD)
    run = begin(world, 2, GOOD)
    until_moving(world)
    world.alarms.bring("pay-backup-age", "ALARM")
    assert end(world, run).state == "COMPLETED"
    assert "pay-backup-age" in run.message


def test_ecs_does_not_go_back_across_irreversible_migrations() -> None:
    """A11: a person is asked; once it has ended, ECS takes back what fails again."""
    world = make_world(alarms_roll_back=True)
    deployed(world, GOOD)
    run = end(world, begin(world, 2, replace(HARD, crashes_after=100)))
    assert run.state == "PAUSED"
    assert world.runs_now == "r2"
    assert world.service.settings.breaker_rolls_back
    assert world.service.settings.alarms_roll_back


def test_ecs_goes_back_to_the_last_that_was_completed() -> None:
    """A12: that is not the one before, where the one before never came to its end."""
    world = make_world(smoke_test=False)
    deployed(world, GOOD)
    run = begin(world, 2, replace(GOOD, start_seconds=900))
    until_moving(world)
    assert run.process is not None
    run.process.kill()
    failed = end(world, begin(world, 3, replace(GOOD, crashes_after=12)))
    assert "ROLLED_BACK" in failed.message
    assert world.runs_now == "r1"


def test_a_release_that_stayed_bad_is_not_good_because_it_runs() -> None:
    """A14: it was recorded as UNHEALTHY and stayed; deploying it again tries it again."""
    world = make_world()
    deployed(world, GOOD)
    tag = world.push(2, GOOD)
    run = world.runs.start(deploy_application, environment="staging", image=tag, roll_back=False)
    until_moving(world)
    world.alarms.bring("pay-5xx", "ALARM")
    assert end(world, run).state == "FAILED"
    again = world.run(deploy_application, image=tag)
    assert again.state == "FAILED"
    assert "In alarm" in again.message


def test_migrations_that_were_to_wait_run_when_they_are_wanted() -> None:
    """A14: migrate=false, and then the same release with migrations."""
    world = make_world()
    deployed(world, GOOD)
    tag = world.push(2, replace(GOOD, migrations=(*GOOD.migrations, "pay.0003_later")))
    assert world.run(deploy_application, image=tag, migrate=False).state == "COMPLETED"
    assert world.run(deploy_application, image=tag).state == "COMPLETED"
    assert world.volume.database is not None
    assert "pay.0003_later" in world.volume.database.applied


def test_an_alarm_that_ended_a_deployment_is_named() -> None:
    """A19: ECS's reason names none, and no task failed."""
    world = make_world(alarms_roll_back=True)
    deployed(world, GOOD)
    run = begin(world, 2, GOOD)
    until_moving(world)
    world.alarms.bring("pay-latency", "ALARM")
    assert end(world, run).state == "FAILED"
    assert "pay-latency" in run.message.partition("\n")[0]


def test_a_service_that_comes_back_from_a_restore_is_waited_for() -> None:
    """Right after it was scaled DescribeServices may still tell of no tasks that are wanted."""
    world = make_world(pace=replace(Pace(), service_lag=(4, 4)))
    deployed(world, GOOD)
    assert world.run(backup_sqlite).state == "COMPLETED"
    run = world.run(restore_sqlite, in_place=True, confirm="staging")
    assert (run.state, world.volume.violations) == ("COMPLETED", [])
    assert world.balancer.served()
