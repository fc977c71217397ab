"""deploy-application, through its real steps: how a release comes into service, or does not."""

from dataclasses import replace
from pathlib import Path

import pytest
from flow_runs import Runs, told
from support.fake_engine import FakeEngine
from support.refusals import refusing
from support.world import World

from flows.deploy_application import deploy_application
from pipeline.ecs.model import Outcome
from pipeline.ecs.scaling import AutoScaling
from pipeline.environment.model import Scan, SourceSettings


@pytest.fixture
def stage(place: World) -> World:
    """Staging with r1 in service and r2 in the registry."""
    place.deployed(1)
    place.push(2)
    return place


def test_a_release_goes_through_all_steps(stage: World, runs: Runs) -> None:
    """It is tried, rolled out, verified and recorded; the run says so in its state, name and page."""
    state = runs.run(deploy_application, image="r2")
    assert told(state).startswith("Completed: SUCCEEDED: release r2."), told(state)
    assert stage.runs == "r2"
    record = stage.live.releases.newest(1)[0]
    assert (record.release, record.outcome, record.kind) == ("r2", Outcome.SUCCEEDED, "deploy")
    assert {"preflight", "image", "scan", "smoke test", "rollout", "verify"} <= set(record.durations)
    assert runs.client.read_flow_run(state.state_details.flow_run_id).name == "staging: r2"
    page = runs.artifact(state, "release")
    assert "SUCCEEDED: release `r2`" in page
    assert "release r2 (app:2), 1 of 1 tasks" in page
    assert stage.live.releases.open_rollout() is None
    tested = [task for task in stage.ecs.tasks.values() if task["startedBy"].startswith("smoke-test-")]
    assert [task["stoppedReason"] for task in tested] == ["Rehearsal finished"]


@pytest.mark.parametrize("good", [True, False])
def test_a_good_release_alone_gives_auto_scaling_its_minimum(
    stage: World, runs: Runs, monkeypatch: pytest.MonkeyPatch, good: bool
) -> None:
    """Before, there is nothing to start; what fails must not keep tasks of itself."""
    kept: list[str] = []
    monkeypatch.setattr(AutoScaling, "keep_minimum", lambda _: kept.append(stage.runs) or 2)
    stage.live = stage.given(auto_scaling=True)
    if not good:
        stage.ecs.crashing_in_service.add(stage.push(2))
    runs.run(deploy_application, image="r2")
    assert kept == (["r2"] if good else [])


def test_the_release_that_runs_is_no_change(stage: World, runs: Runs) -> None:
    """The gates are passed once more; nothing is registered, started or recorded."""
    state = runs.run(deploy_application, image="r1")
    assert told(state).startswith("Completed: NO_CHANGE: release r1."), told(state)
    assert (len(stage.ecs.definitions), len(stage.live.releases.newest())) == (1, 1)
    assert len(stage.ecs.tasks) == 1
    assert stage.commands == []


@pytest.mark.parametrize(
    ("how", "said"),
    [("crashing", "exit code 1"), ("unhealthy", "is UNHEALTHY by its container health check")],
)
def test_a_broken_release_never_enters_the_service(stage: World, runs: Runs, how: str, said: str) -> None:
    """It fails in its trial, whose task is stopped; the service is not touched."""
    getattr(stage.ecs, how).add(stage.push(2))
    state = runs.run(deploy_application, image="r2")
    assert said in told(state)
    name = runs.client.read_flow_run(state.state_details.flow_run_id).name
    cause = told(state).removeprefix("Failed: ").partition("\n")[0]
    assert name.startswith(f"staging: r2: {cause[:50]}")
    assert len(name) <= len("staging: r2: ") + 70
    assert (stage.runs, stage.ecs.updates) == ("r1", [])
    assert len(stage.ecs.running()) == len(
        [1 for t in stage.ecs.tasks.values() if t["lastStatus"] == "RUNNING"]
    )
    page = runs.artifact(state, "release")
    for words in ("FAILED: release `r2`", "Runs now: release r1", "- digest: `sha256:"):
        assert words in page


def test_ecs_takes_a_release_back_that_fails_in_service(stage: World, runs: Runs) -> None:
    """The run fails as ROLLED_BACK, names the reason, and records both."""
    stage.ecs.crashing_in_service.add(stage.push(2))
    state = runs.run(deploy_application, image="r2")
    assert told(state).startswith("Failed: Starting (EssentialContainerExited; ")
    assert "\nROLLED_BACK: release r2.\n" in told(state)
    assert "\nThe deployment failed" in told(state)
    assert (stage.runs, stage.heard()) == ("r1", ["release.rolled_back"])
    assert stage.live.releases.newest(1)[0].outcome is Outcome.ROLLED_BACK
    assert "Runs now: release r1 (app:1)" in runs.artifact(state, "release")


def test_without_the_circuit_breaker_the_run_goes_back_itself(stage: World, runs: Runs) -> None:
    """The last good release returns, and is recorded as a rollback."""
    stage.ecs.rolls_back = False
    stage.ecs.crashing_in_service.add(stage.push(2))
    state = runs.run(deploy_application, image="r2")
    assert "FAILED: release r2" in told(state)
    assert "Release r1 runs again." in told(state)
    newest = stage.live.releases.newest(2)
    assert [(item.kind, item.release, item.outcome) for item in newest] == [
        ("rollback", "r1", Outcome.SUCCEEDED),
        ("deploy", "r2", Outcome.FAILED),
    ]
    assert stage.runs == "r1"
    assert [(name, payload["release"]) for name, payload in stage.events] == [("release.rolled_back", "r1")]


def test_a_release_that_answers_badly_is_undone_unless_it_shall_stay(stage: World, runs: Runs) -> None:
    """Without ``roll_back`` it stays for somebody to look at."""
    stage.failing.add(stage.push(2))
    state = runs.run(deploy_application, image="r2", roll_back=False)
    assert "UNHEALTHY: release r2" in told(state)
    assert "HTTP 500" in told(state)
    assert (stage.runs, stage.events) == ("r2", [])


def test_who_is_overtaken_undoes_nothing(stage: World, runs: Runs) -> None:
    """Somebody moved the service on: their release stays, and the run says whose deployment it is."""
    third = stage.register(3)

    def overtake() -> None:
        stage.ecs.update_service(cluster="pay-cluster", service="pay-service", taskDefinition=third)

    def after_update() -> None:
        stage.ecs.before_look = overtake if stage.ecs.updates else after_update

    stage.ecs.before_look = after_update
    state = runs.run(deploy_application, image="r2")
    assert "SUPERSEDED: release r2" in told(state)
    assert "Somebody else changed the service" in told(state)
    assert stage.runs == "r3"


def test_an_alien_rollout_is_waited_for_by_a_person(stage: World, runs: Runs) -> None:
    """A deployment that nobody of this pipeline began is left alone, unless the run shall take over."""
    alien = stage.register(3)
    stage.ecs._deploy(alien)
    stage.ecs.primary["desiredCount"] = 1
    stage.ecs.frozen = True
    state = runs.run(deploy_application, image="r2", migrate=False)
    assert "is rolling out, and not by this pipeline" in told(state)
    assert stage.ecs.updates == []
    stage.ecs.frozen = False
    assert "SUCCEEDED: release r2" in told(runs.run(deploy_application, image="r2", take_over=True))


def test_verify_only_changes_nothing(stage: World, runs: Runs) -> None:
    """Every check that can be made is in the table."""
    state = runs.run(deploy_application, image="r2", verify_only=True)
    assert told(state).startswith("VERIFIED") or "VERIFIED" in told(state)
    assert {row["check"]: row["result"] for row in runs.artifact(state, "preflight")} == {
        "identity": "OK",
        "service": "OK",
        "strategy": "OK",
        "rollout": "OK",
        "database": "OK",
        "target groups": "OK",
        "log group": "OK",
        "repository": "OK",
        "execution role": "OK",
        "task role": "OK",
        "secrets": "OK",
        "settings": "OK",
        "certificate": "SKIP",
    }
    assert (stage.ecs.updates, stage.commands) == ([], [])


def test_a_check_that_fails_ends_the_run_before_anything_is_done(stage: World, runs: Runs) -> None:
    """The error names the check; the image is not even looked up."""
    stage.client("secretsmanager").put_secret_value(SecretId="pay/app", SecretString='{"DJANGO_SECRET": "x"}')
    with refusing(stage.client("ecr"), "DescribeImages", "ServerException"):
        state = runs.run(deploy_application, image="r2")
    assert "The preflight refuses to deploy, and nothing was changed." in told(state)
    assert "secrets: Without a value" in told(state)


def test_an_image_that_is_not_there_is_told_with_what_runs(stage: World, runs: Runs) -> None:
    """The page says that nothing was deployed, and what serves."""
    state = runs.run(deploy_application, image="r9")
    assert "has no image r9" in told(state)
    page = runs.artifact(state, "release")
    assert "nothing was deployed" in page
    assert "Runs now: release r1" in page


def test_where_nothing_is_tried_the_rollout_follows_at_once(stage: World, runs: Runs) -> None:
    """An environment may do without tested, a run without migrations."""
    stage.live = replace(stage.live, settings=stage.live.settings.model_copy(update={"smoke_test": False}))
    state = runs.run(deploy_application, image="r2", migrate=False)
    assert "SUCCEEDED: release r2" in told(state)
    assert stage.commands == ["shell"]
    assert not [task for task in stage.ecs.tasks.values() if task["startedBy"].startswith("smoke-test-")]


@pytest.fixture
def engine(stage: World, monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """The worker's engine, which pushes what it built as r2's image."""
    stage.client("ecr").batch_delete_image(repositoryName="pay", imageIds=[{"imageTag": "r2"}])
    found = FakeEngine(lambda image: stage.push(2, image.rpartition(":")[2]))
    monkeypatch.setattr("pipeline.preflight.engine.connect", lambda: found)
    monkeypatch.setattr("tasks.image.connect", lambda: found)
    return found


def test_a_source_is_built_once_and_deployed(
    stage: World, runs: Runs, engine: FakeEngine, tmp_path: Path
) -> None:
    """Who deploys it again finds its image in the registry, and that it runs."""
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    source = SourceSettings(repository=str(folder))
    stage.live = replace(stage.live, settings=stage.live.settings.model_copy(update={"source": source}))
    state = runs.run(deploy_application)
    assert "SUCCEEDED: release content-" in told(state)
    assert {row["check"] for row in runs.artifact(state, "preflight")} >= {"docker engine", "architecture"}
    engine.pushed = ""
    assert "NO_CHANGE: release content-" in told(runs.run(deploy_application))
    assert engine.pushed == ""


def test_where_a_scan_is_required_an_image_without_one_is_kept_back(stage: World, runs: Runs) -> None:
    """The task that tries it is stopped; where nobody looks at scans, the image passes."""
    settings = stage.live.settings
    stage.live = replace(stage.live, settings=settings.model_copy(update={"scan": Scan(required=True)}))
    state = runs.run(deploy_application, image="r2")
    assert "is not deployed; nothing was changed" in told(state)
    assert [task["lastStatus"] for task in stage.ecs.tasks.values()] == ["RUNNING", "STOPPED"]
    assert (stage.ecs.updates, stage.live.releases.newest(1)[0].release) == ([], "r1")
    stage.live = replace(stage.live, settings=settings.model_copy(update={"scan": Scan(block_at=None)}))
    assert "SUCCEEDED: release r2" in told(runs.run(deploy_application, image="r2", migrate=False))
