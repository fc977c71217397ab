"""Plans and applies of the real AWS provider, and what the pipeline says of them."""

from collections.abc import Iterator
from dataclasses import replace
from functools import reduce
from pathlib import Path

import pytest
from terraform_support import Opener, copy_module, make_home

from pipeline.aws.access import AwsAccess
from pipeline.state.backend import StateBackend, read_head
from pipeline.state.plans import fetch_plan, keep_plan
from pipeline.state.unlock import lock_keeper
from pipeline.terraform.approval import guard
from pipeline.terraform.diagnostics import StalePlanError, TerraformError
from pipeline.terraform.document import Action
from pipeline.terraform.events import TerraformEvent
from pipeline.terraform.progress import Progress, advance
from pipeline.terraform.summary import summarise, unmatched_targets
from pipeline.terraform.workspace import PlanRequest, Workspace, open_workspace

WISHES = {"value": "one", "password": "correct-horse"}


@pytest.fixture(scope="module")
def told() -> list[TerraformEvent]:
    """What Terraform told while the module was applied."""
    return []


@pytest.fixture(scope="module")
def built(
    access: AwsAccess,
    state_backend: tuple[str, str],
    cli_config: Path | None,
    tmp_path_factory: pytest.TempPathFactory,
    told: list[TerraformEvent],
) -> Iterator[tuple[Workspace, StateBackend]]:
    """The small module, applied; the tests only plan on it, in any order."""
    folder, home = tmp_path_factory.mktemp("built"), make_home(access, "built")
    module = copy_module("small", folder)
    options = {"on_event": told.append, "cli_config": cli_config, "hook": lock_keeper(home, "this-run")}
    with open_workspace(module, access, label="built", base=folder / "runs", **options) as workspace:
        workspace.init(home.backend)
        workspace.apply(workspace.plan(PlanRequest(WISHES)))
        yield workspace, home


def test_an_apply_tells_its_progress_and_gives_outputs(
    built: tuple[Workspace, StateBackend], told: list[TerraformEvent]
) -> None:
    """Every planned resource is counted to the end, and outputs know which are sensitive."""
    workspace, _ = built
    progress = reduce(advance, told, Progress())
    assert set(progress.done) >= {"aws_s3_bucket.data", "aws_ssm_parameter.setting"}
    assert progress.percent == 100.0
    outputs = workspace.outputs()
    assert (outputs["value"].value, outputs["value"].sensitive) == ("one", False)
    assert outputs["password"].sensitive
    assert "correct-horse" not in repr(told)


def test_a_plan_is_bound_to_its_state_and_waits_unaltered(
    opener: Opener, home: StateBackend, tmp_path: Path
) -> None:
    """A plan names serial and lineage of the state, and comes back from the bucket byte for byte."""
    with opener("plain") as workspace:
        workspace.init(home.backend)
        workspace.apply(workspace.plan(PlanRequest()))
        assert not workspace.plan(PlanRequest()).has_changes
        plan = workspace.plan(PlanRequest({"value": "two"}))
        head = read_head(home)
        assert head is not None
        assert (plan.has_changes, plan.serial, plan.lineage) == (True, head.serial, head.lineage)
        requested = keep_plan(home, plan)
    with opener("plain") as later:
        later.init(home.backend)
        fetched = fetch_plan(home, requested, later.folder.plan)
        assert fetched == replace(plan, path=later.folder.plan)
        later.apply(fetched)
        assert later.outputs()["value"].value == "two"


def test_a_plan_that_loses_data_is_explained_and_refused(built: tuple[Workspace, StateBackend]) -> None:
    """Another bucket name replaces the bucket: flagged with its reason, refused unless allowed by address."""
    workspace, _ = built
    plan = workspace.plan(PlanRequest({**WISHES, "bucket": "another-name", "password": "battery-staple"}))
    document = workspace.show(plan)
    first, second = summarise(document).rows
    assert (first.address, first.action) == ("aws_s3_bucket.data", Action.REPLACE)
    assert first.reason == "an attribute changes that AWS cannot change in place (bucket)"
    assert second.address == "aws_ssm_parameter.password"
    assert "battery-staple" not in repr(document)
    assert [loss.address for loss in guard(document).refused] == ["aws_s3_bucket.data"]
    assert guard(document, ["aws_s3_bucket.data"]).passed


def test_drift_is_told_apart_from_intended_change(
    built: tuple[Workspace, StateBackend], access: AwsAccess
) -> None:
    """What somebody changed by hand is drift, and the plan's row says that it reverts it."""
    workspace, _ = built
    describe(access, "by hand")
    try:
        summary = summarise(workspace.show(workspace.plan(PlanRequest(WISHES))))
    finally:
        describe(access, "one")
    drifted = {row.address: row.changed for row in summary.drift}
    changed = {change.path: (change.before, change.after) for change in drifted["aws_ssm_parameter.setting"]}
    assert changed["description"] == ("one", "by hand")
    assert [(row.address, row.reason) for row in summary.rows] == [
        ("aws_ssm_parameter.setting", "brings back what was changed outside of Terraform")
    ]


def describe(access: AwsAccess, text: str) -> None:
    """Change the parameter outside of Terraform."""
    access.client("ssm").put_parameter(
        Name="/fixture/setting", Value="unchanged", Description=text, Type="String", Overwrite=True
    )


def test_a_destroy_plan_removes_everything(opener: Opener, home: StateBackend) -> None:
    """Destroying is a plan like any other: shown, then applied as it is."""
    with opener("plain") as workspace:
        workspace.init(home.backend)
        workspace.apply(workspace.plan(PlanRequest()))
        plan = workspace.plan(PlanRequest(destroy=True))
        assert {change.action for change in workspace.show(plan).changes} == {Action.DELETE}
        workspace.apply(plan)
    head = read_head(home)
    assert head is not None
    assert head.resources == 0


def test_a_mistyped_target_is_noticed(opener: Opener, home: StateBackend) -> None:
    """Terraform says "no changes" for a target that does not exist; the plan shows that nothing was hit."""
    targets = ("terraform_data.frist", "terraform_data.first")
    with opener("plain") as workspace:
        workspace.init(home.backend)
        assert not workspace.plan(PlanRequest(targets=targets[:1])).has_changes
        plan = workspace.plan(PlanRequest(targets=targets))
        assert plan.has_changes
        assert unmatched_targets(workspace.show(plan), targets) == targets[:1]


def test_an_altered_plan_file_is_not_applied(opener: Opener, home: StateBackend) -> None:
    """Only the file that was planned and approved is applied."""
    with opener("plain") as workspace:
        workspace.init(home.backend)
        plan = workspace.plan(PlanRequest({"value": "approved"}))
        workspace.plan(PlanRequest({"value": "another"}))
        with pytest.raises(StalePlanError, match="not the one that was made"):
            workspace.apply(plan)
    assert read_head(home) is None


def test_a_plan_is_refused_once_the_state_changed(opener: Opener, home: StateBackend) -> None:
    """What was planned against an older state is not applied, and the newer state stays."""
    with opener("plain") as slow_one, opener("plain") as fast_one:
        for workspace in (slow_one, fast_one):
            workspace.init(home.backend)
        old = slow_one.plan(PlanRequest({"value": "old"}))
        fast_one.apply(fast_one.plan(PlanRequest({"value": "new"})))
        with pytest.raises(StalePlanError, match="plan again"):
            slow_one.apply(old)
        assert fast_one.outputs()["value"].value == "new"


def test_wrong_configuration_is_explained_with_file_and_line(opener: Opener) -> None:
    """The error names file, line and the wrong expression."""
    with opener("wrong") as workspace:
        workspace.init(None)
        with pytest.raises(TerraformError) as caught:
            workspace.validate()
    found = caught.value.diagnostics[0]
    assert (found.file, found.line, found.snippet.strip()) == ("main.tf", 6, "input = var.valeu")
    assert "Fix main.tf, line 6" in str(caught.value)


def test_a_missing_backend_is_explained(opener: Opener, home: StateBackend) -> None:
    """Without its lock table the error says to make it."""
    with opener("plain") as workspace:
        workspace.init(replace(home.backend, lock_table="no-such-table"))
        with pytest.raises(TerraformError, match="run bootstrap-state first"):
            workspace.plan(PlanRequest(lock_timeout="0s"))
