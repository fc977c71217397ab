"""Snapshots, records, rolling back and restoring, on real Terraform."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from terraform_support import Opener, copy_module

from pipeline.state.backend import StateBackend, read_head
from pipeline.state.backup import Bundle, git_revision, pack, unpack
from pipeline.state.lock import write_digest
from pipeline.state.model import ConfigurationRecord, StateChangedError, StateError
from pipeline.state.record import keep_record, read_bundle, read_records, record_name, take_snapshot
from pipeline.state.restore import choose_record, inspect_state, restore_state
from pipeline.state.unlock import lock_keeper
from pipeline.terraform.diagnostics import TerraformError
from pipeline.terraform.document import Plan
from pipeline.terraform.workspace import PlanRequest, open_workspace

NEWER = 'resource "terraform_data" "newer" {\n  input = "newer"\n}\n'


def test_rolling_back_applies_the_recorded_configuration(
    opener: Opener, home: StateBackend, tmp_path: Path
) -> None:
    """The configuration before the present one comes back, and what the present one added is removed."""
    module = copy_module("plain", tmp_path)
    apply_and_record(opener, home, module, {"value": "one"})
    (module / "newer.tf").write_text(NEWER)
    apply_and_record(opener, home, module, {"value": "two"})
    chosen = choose_record(read_records(home))
    restored = tmp_path / "restored"
    variables = unpack(read_bundle(home, chosen), chosen.bundle_sha256, restored)
    # As the flow does: the emulator's answer to Terraform's lock is lost now and then.
    keeper = lock_keeper(home, "this-run")
    with open_workspace(
        restored, home.access, label="back", base=tmp_path / "runs", hook=keeper
    ) as workspace:
        workspace.init(home.backend)
        plan = workspace.plan(PlanRequest(variables))
        removed = [change.address for change in workspace.show(plan).changes if change.destroys]
        workspace.apply(plan)
        assert workspace.outputs()["value"].value == "one"
    assert removed == ["terraform_data.newer"]


def test_a_record_is_never_written_over(opener: Opener, home: StateBackend, tmp_path: Path) -> None:
    """Keeping the same record again changes nothing; another one of the same name is refused."""
    module = copy_module("plain", tmp_path)
    bundle = pack(module, {"value": "one", "token": "hidden-value"}, secret_names=["token"])
    record = make_record(home, bundle, Plan(tmp_path, "a" * 64, True, 1, "l"))
    assert keep_record(home, record, bundle) == keep_record(home, record, bundle)
    other = pack(module, {"value": "two"})
    with pytest.raises(StateError, match="with other content"):
        keep_record(home, make_record(home, other, Plan(tmp_path, "a" * 64, True, 1, "l"), record), other)
    assert read_records(home) == (record,)
    unpacked = unpack(read_bundle(home, record), record.bundle_sha256, tmp_path / "unpacked")
    assert unpacked == {"value": "one"}


def test_a_lost_state_is_restored_from_the_snapshot(
    opener: Opener, home: StateBackend, tmp_path: Path
) -> None:
    """The state object is gone, Terraform refuses to work; the copy comes back and nothing is planned."""
    with opener("plain") as workspace:
        workspace.init(home.backend)
        workspace.apply(workspace.plan(PlanRequest()))
        snapshot = take_snapshot(home, "run")
        assert snapshot is not None
        assert take_snapshot(home, "run") == snapshot
        home.delete(home.backend.key)
        with pytest.raises(TerraformError, match="restore-state"):
            workspace.plan(PlanRequest(lock_timeout="0s"))
        copy = home.read(snapshot.key)
        assert copy is not None
        restored = restore_state(home, copy, inspect_state(home), "tester@here")
        assert restored.serial == snapshot.serial + 1
        assert inspect_state(home).whole
        assert not workspace.plan(PlanRequest()).has_changes


def test_a_damaged_state_is_restored_from_an_earlier_version(opener: Opener, home: StateBackend) -> None:
    """Garbage in place of the state is replaced by the version before it."""
    with opener("plain") as workspace:
        workspace.init(home.backend)
        workspace.apply(workspace.plan(PlanRequest()))
        good = read_head(home)
        assert good is not None
        home.write(home.backend.key, b"garbage")
        versions = [version for version, _ in home.versions(home.backend.key)]
        assert good.version_id in versions
        earlier = home.read(home.backend.key, good.version_id)
        assert earlier is not None
        restore_state(home, earlier, inspect_state(home), "tester@here")
        assert not workspace.plan(PlanRequest()).has_changes


def test_a_whole_state_is_not_replaced_by_an_old_one(opener: Opener, home: StateBackend) -> None:
    """An old state would orphan what was made since: refused."""
    with opener("plain") as workspace:
        workspace.init(home.backend)
        workspace.apply(workspace.plan(PlanRequest({"value": "one"})))
        seen_first = inspect_state(home)
        old = home.read(home.backend.key)
        workspace.apply(workspace.plan(PlanRequest({"value": "two"})))
        assert old is not None
        with pytest.raises(StateError, match="run rollback-infrastructure"):
            restore_state(home, old, inspect_state(home), "tester@here")
        with pytest.raises(StateChangedError):
            restore_state(home, old, seen_first, "tester@here")
        write_digest(home, "0" * 32)  # Terraform refuses the state: an older one may replace it
        before = inspect_state(home)
        assert before.head is not None
        restored = restore_state(home, old, before, "tester@here")
        assert restored.serial == before.head.serial + 1


def apply_and_record(opener: Opener, home: StateBackend, module: Path, variables: dict[str, str]) -> None:
    """Apply the module and keep the record of it."""
    with opener("plain") as workspace:
        workspace.init(home.backend)
        plan = workspace.plan(PlanRequest(variables))
        workspace.apply(plan)
    bundle = pack(module, variables)
    keep_record(home, make_record(home, bundle, plan), bundle)


def make_record(
    home: StateBackend, bundle: Bundle, plan: Plan, like: ConfigurationRecord | None = None
) -> ConfigurationRecord:
    """Describe an apply; ``like`` lends its name."""
    applied = like.applied if like else datetime.now(UTC)
    return ConfigurationRecord(
        name=record_name(applied, plan.sha256),
        environment=home.environment,
        run_id="run",
        applied=applied,
        outcome="succeeded",
        bundle_sha256=bundle.sha256,
        plan_sha256=plan.sha256,
        serial=plan.serial,
        lineage=plan.lineage,
        git_revision=git_revision(Path(__file__).parent),
        terraform_version="1.11.4",
    )
