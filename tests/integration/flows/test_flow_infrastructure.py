"""The flows that change infrastructure, with Terraform itself on a root module without providers."""

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flow_runs import Runs, told
from prefect.states import Crashed
from support.world import World

import tasks.terraform
from flows.deploy_infrastructure import deploy_infrastructure
from flows.destroy import destroy
from flows.detect_drift import detect_drift
from flows.rollback_infrastructure import rollback_infrastructure
from pipeline.state.lock import read_lock, take_lock
from pipeline.state.model import RunRecord
from pipeline.state.record import announce, read_records, read_runs
from pipeline.terraform.diagnostics import TerraformError
from pipeline.terraform.workspace import Workspace

ROOT = Path(__file__).parents[2] / "e2e/infrastructure_flows/roots/plain"


@pytest.fixture
def stage(place: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Staging with a home for its state, and with a small root module in the place of the real one."""
    module = tmp_path / "root"
    shutil.copytree(ROOT, module)
    (module / "environments").mkdir()
    monkeypatch.setattr(tasks.terraform, "ROOT_MODULE", module)
    sizes = str(module / "environments/staging.tfvars")
    settings = place.live.settings.model_copy(update={"sizes": sizes})
    place.live = replace(place.live, settings=settings)
    place.build_state()
    values = place.live.outputs.model_dump_json()
    parameter = place.live.settings.outputs_parameter
    place.client("ssm").put_parameter(Name=parameter, Value=values, Type="String")
    wish(place, value="one")
    return place


def wish(stage: World, **variables: str) -> None:
    """Write the configuration of staging."""
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in variables.items()]
    sizes = tasks.terraform.ROOT_MODULE / "environments/staging.tfvars"
    sizes.write_text("".join(lines), encoding="utf-8")


def built(stage: World) -> Any:
    """Return the state's outputs by name."""
    stored = stage.live.state.read(stage.live.state.backend.key)
    return {} if stored is None else {k: v["value"] for k, v in json.loads(stored.body)["outputs"].items()}


def decided(stage: World, policy: str, **more: Any) -> None:
    """Change what the environment wants of its infrastructure."""
    settings = stage.live.settings.model_copy(update={"approval": policy, **more})
    stage.live = replace(stage.live, settings=settings)


def test_infrastructure_is_planned_applied_compared_and_brought_back(stage: World, runs: Runs) -> None:
    """Each apply is recorded; nothing happens to a plan without changes, or to one that is only shown."""
    assert runs.run(deploy_infrastructure, plan_only=True).type.value == "COMPLETED"
    assert built(stage) == {}
    applied = runs.run(deploy_infrastructure)
    assert applied.type.value == "COMPLETED", told(applied)
    assert runs.artifact(applied, "plan").count("- **create**") == 3
    assert built(stage)["value"] == "one"
    assert runs.run(deploy_infrastructure).type.value == "COMPLETED"
    assert len(read_records(stage.live.state)) == 1
    same = runs.run(detect_drift)
    wish(stage, value="two")
    differs = runs.run(detect_drift)
    assert runs.artifact(same, "drift") == "## staging: nothing to change"
    assert "`input`: `one` -> `two`" in runs.artifact(differs, "drift")
    assert told(same) == "Completed: No drift: 3 resources look as Terraform left them."
    assert told(differs) == (
        "Failed: terraform_data.first: input one -> two, not applied yet. Run deploy-infrastructure."
    )
    assert stage.heard() == ["infrastructure.applied", "drift.found"]
    runs.run(deploy_infrastructure)
    assert built(stage)["value"] == "two"
    unknown = runs.run(rollback_infrastructure, targets=["terraform_data.frist"])
    assert "did you mean terraform_data.first" in told(unknown)
    back = runs.run(rollback_infrastructure)
    assert back.type.value == "COMPLETED", told(back)
    assert built(stage)["value"] == "one"
    records = read_records(stage.live.state)
    assert (len(records), records[0].restores) == (3, records[-1].name)
    rows = runs.artifact(back, "configurations")
    assert [row["chosen"] for row in rows] == ["", "YES"]


def test_where_there_is_no_service_no_tasks_are_kept(stage: World, runs: Runs) -> None:
    """The outputs speak of auto scaling before there is anything that scales."""
    there = stage.given(auto_scaling=True, service="none-yet").outputs
    name = stage.live.settings.outputs_parameter
    stage.client("ssm").put_parameter(Name=name, Value=there.model_dump_json(), Type="String", Overwrite=True)
    assert told(runs.run(deploy_infrastructure)) == "Completed: Applied: 3 to create."


def test_an_apply_that_cannot_be_read_back_is_good_all_the_same(
    stage: World, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But what detect-drift finds may be AWS's own doing, and it says so."""

    def fail(*_: object) -> tuple[str, ...]:
        raise TerraformError("throttled")

    monkeypatch.setattr(Workspace, "read_back", fail)
    assert told(runs.run(deploy_infrastructure)) == "Completed: Applied: 3 to create."
    assert read_records(stage.live.state)[0].outcome == "succeeded"
    wish(stage, value="two")
    assert "The last apply was not read back" in told(runs.run(detect_drift))


def test_an_apply_that_was_killed_before_its_record_is_recorded_by_the_next_run(
    stage: World, runs: Runs
) -> None:
    """Though there is nothing to change; else the way back would lead past what runs."""
    runs.run(deploy_infrastructure)
    wish(stage, value="two")
    runs.run(deploy_infrastructure)
    home = stage.live.state
    for key in (f"records/staging/{read_records(home)[0].name}/record.json", "read-back/staging"):
        home.delete(key)  # the kill came between
    runs.run(deploy_infrastructure, plan_only=True)
    assert read_records(home)[0].outputs["value"] == "one"
    assert told(runs.run(deploy_infrastructure)).startswith("Completed: Nothing to apply")
    assert [item.outputs["value"] for item in read_records(home)] == ["two", "one"]
    runs.run(deploy_infrastructure)
    assert len(read_records(home)) == 2


def test_an_apply_that_fails_is_recorded_and_said(stage: World, runs: Runs) -> None:
    """The advice says what was done; the next run goes on from there."""
    main = tasks.terraform.ROOT_MODULE / "main.tf"
    broken = main.read_text(encoding="utf-8").replace('"sleep ${var.seconds}"', '"false"')
    main.write_text(broken, encoding="utf-8")
    state = runs.run(deploy_infrastructure)
    assert state.type.value == "FAILED"
    assert "local-exec" in told(state)
    (record,) = read_records(stage.live.state)
    assert (record.outcome, record.outputs) == ("failed", {})
    assert stage.heard() == ["infrastructure.failed"]


@pytest.mark.holds("people", "approve")
@pytest.mark.holds("worker of each environment", "approve")
def test_where_approval_is_wanted_the_very_plan_is_applied(stage: World, runs: Runs) -> None:
    """A refusal forgets it; a state that moved on meanwhile makes it stale."""
    decided(stage, "always")
    run = runs.begin(deploy_infrastructure)
    assert runs.carry(deploy_infrastructure, run).name == "Suspended"
    assert "rudo" in told(runs.decide(deploy_infrastructure, run, decision="refuse", by="rudo"))
    assert built(stage) == {}
    run = runs.begin(deploy_infrastructure)
    assert runs.carry(deploy_infrastructure, run).name == "Suspended"
    wish(stage, value="changed meanwhile")
    state = runs.decide(deploy_infrastructure, run, decision="approve", by="anna")
    assert state.type.value == "COMPLETED", told(state)
    assert built(stage)["value"] == "one"
    (record,) = read_records(stage.live.state)
    assert record.approved_by == "anna"
    assert stage.live.state.keys("plans/") == {}


def test_an_environment_is_destroyed_only_where_it_may_be(stage: World, runs: Runs) -> None:
    """And when its name is typed once more; a dry run only shows."""
    runs.run(deploy_infrastructure)
    assert "staging is not destroyable" in told(runs.run(destroy, confirm="staging"))
    decided(stage, "never", destroyable=True)
    assert "confirm is 'stage'" in told(runs.run(destroy, confirm="stage"))
    assert runs.run(destroy, confirm="staging", dry_run=True).type.value == "COMPLETED"
    assert built(stage)["value"] == "one"
    state = runs.run(destroy, confirm="staging")
    assert state.type.value == "COMPLETED", told(state)
    assert built(stage) == {}


def test_the_lock_of_a_killed_container_is_freed(stage: World, runs: Runs) -> None:
    """Its host cannot be looked at, so Prefect is asked; who Prefect says is at work keeps the lock."""
    home, run = stage.live.state, runs.begin(detect_drift)
    runs.client.set_flow_run_state(run.id, Crashed(), force=True)
    now = datetime.now(UTC)
    record = RunRecord(
        str(run.id), "staging", "container-a", 1, "boot:1", "/f", now, now + timedelta(hours=1)
    )
    announce(home, record)
    take_lock(home, "ada@container-a", "OperationTypeApply")
    assert told(runs.run(deploy_infrastructure)) == "Completed: Applied: 3 to create."
    assert (read_lock(home), read_runs(home)) == (None, ())
