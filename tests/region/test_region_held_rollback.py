"""ECS's own rollback, which a deploy across irreversible migrations switches off, is on again in the end."""

from region_application import GOOD
from region_world import World, make_world
from test_region_findings_c import HARD, begin, deployed, end, until_moving

from flows.deploy_application import deploy_application
from flows.restore_sqlite import restore_sqlite
from flows.rollback_application import rollback_application
from flows.verify_health import verify_health


def left_off() -> World:
    """Return a world in which a run was killed while ECS moved the service across such migrations."""
    world = make_world()
    deployed(world, GOOD)
    run = begin(world, 2, HARD)
    until_moving(world)
    assert run.process is not None
    run.process.kill()
    assert not world.service.settings.breaker_rolls_back
    return world


def test_verify_health_says_that_it_is_off_once_the_service_is_still() -> None:
    """Nobody else would: the service is well, and no rollout follows."""
    world = left_off()
    assert "rollback is off" not in world.run(verify_health).message
    world.wait(900)
    found = world.run(verify_health)
    assert found.state == "COMPLETED"
    assert "ECS's own rollback is off" in found.message
    assert "release r2" in found.message


def test_the_next_verb_that_moves_the_service_switches_it_on_whatever_becomes_of_it() -> None:
    """This one is refused before its rollout."""
    world = left_off()
    world.wait(900)
    run = world.run(rollback_application)
    assert (run.state, "irreversible" in run.message) == ("FAILED", True)
    assert world.service.settings.breaker_rolls_back
    assert "rollback is off" not in world.run(verify_health).message
    assert world.run(deploy_application, image="r2").state == "COMPLETED"
    assert world.service.settings.breaker_rolls_back


def test_it_stays_off_while_ecs_moves_the_service() -> None:
    """A second run of the same release watches on; ECS must not go back unasked before its end."""
    world = left_off()
    again = world.runs.start(deploy_application, environment="staging", image="r2")
    world.clock.run(until=lambda: any("re-attached" in line for line in again.lines))
    assert not world.service.settings.breaker_rolls_back
    assert end(world, again).state == "COMPLETED"
    assert world.service.settings.breaker_rolls_back


def test_a_restore_in_place_switches_it_on() -> None:
    """It moves the service, too."""
    world = left_off()
    world.wait(900)
    assert world.run(restore_sqlite, in_place=True, confirm="staging").state == "COMPLETED"
    assert world.service.settings.breaker_rolls_back
