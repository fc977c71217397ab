"""What is asked before ECS has completed a deployment, and what that proves."""

from dataclasses import replace

from region_application import GOOD
from region_moments import COMPLETED, Moments
from region_world import make_world

from flows.deploy_application import deploy_application


def test_the_gates_are_gone_through_while_old_tasks_drain() -> None:
    """And the end is told soon after ECS's own."""
    world = make_world()
    world.run(deploy_application, image=world.push(1, GOOD))
    moments = Moments(world)
    with moments.steps():
        run = world.run(deploy_application, image=world.push(2, GOOD))
    assert run.state == "COMPLETED"
    assert moments.spans["verify"][1] < moments.spans[COMPLETED][0]
    assert moments.now - moments.spans[COMPLETED][0] < 8


def test_a_gate_that_is_closed_before_ecs_has_completed_is_no_verdict() -> None:
    """A first release may take longer to answer than the gates wait."""
    world = make_world(smoke_test=False)
    run = world.run(deploy_application, image=world.push(1, replace(GOOD, start_seconds=170)))
    assert run.state == "COMPLETED", run.message
    assert "2 tasks healthy" in run.message


def test_a_bad_answer_before_ecs_has_completed_is_one() -> None:
    """It is known before the old tasks are gone."""
    world = make_world(smoke_test=False)
    world.run(deploy_application, image=world.push(1, GOOD))
    run = world.run(deploy_application, image=world.push(2, replace(GOOD, status=500)))
    assert run.state == "FAILED"
    assert "HTTP 500" in run.message
    assert world.service.history[-2].state == "IN_PROGRESS"
    assert world.runs_now == "r1"
