"""rollback-application, history and verify-health, through their real steps."""

from datetime import timedelta

import pytest
from flow_runs import Runs, told
from support.refusals import refusing
from support.world import World

from flows.history import history
from flows.rollback_application import rollback_application
from flows.verify_health import verify_health
from pipeline.ecs.model import Outcome
from pipeline.release.model import SchemaChange


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
    assert (stage.runs, stage.ecs.updates) == ("r3", [])
    assert "SUCCEEDED: release r2" in told(runs.run(rollback_application, accept_schema=True))


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
