"""The home of the Terraform state: made, backed up, brought back and unlocked by its flows."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from flow_runs import Runs, told
from prefect import flow
from prefect.states import Completed, Running
from support.world import World

from flows.backup_state import backup_terraform_state
from flows.bootstrap_state import bootstrap_state
from flows.restore_state import restore_terraform_state
from flows.unlock_state import unlock_state
from pipeline.state.backend import StateBackend
from pipeline.state.lock import delete_lock, read_lock, take_lock
from pipeline.state.model import RunRecord
from pipeline.state.record import announce


def state_of(serial: int) -> bytes:
    """Return a Terraform state with one resource."""
    resource = {"mode": "managed", "type": "aws_s3_bucket", "name": "a", "instances": [{}]}
    return json.dumps({"version": 4, "serial": serial, "lineage": "l", "resources": [resource]}).encode()


@pytest.fixture
def home(place: World) -> StateBackend:
    """The home of a state of serial 7."""
    place.build_state()
    found = place.live.state
    found.write(found.backend.key, state_of(7))
    return found


def test_the_home_is_made_once_and_mended(place: World, runs: Runs) -> None:
    """A dry run makes nothing; a protection that was taken away is named by the backup, and brought back."""
    shown = runs.artifact(runs.run(bootstrap_state, dry_run=True), "state")
    assert {row["found"] for row in shown} >= {"absent"}
    assert place.live.settings.state_bucket not in str(place.client("s3").list_buckets()["Buckets"])
    assert runs.run(bootstrap_state).type.value == "COMPLETED"
    s3, bucket = place.client("s3"), place.live.settings.state_bucket
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    s3.delete_bucket_policy(Bucket=bucket)  # moto ignores its conditions, and would refuse everything
    state = runs.run(backup_terraform_state)
    assert "The state lacks: versioning" in told(state)
    runs.run(bootstrap_state)
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"


def test_the_state_is_copied(place: World, home: StateBackend, runs: Runs) -> None:
    """A dry run only says so."""
    runs.run(backup_terraform_state, dry_run=True)
    assert home.keys("backups/") == {}
    rows = runs.artifact(runs.run(backup_terraform_state), "state-backup")
    assert {"what": "copied", "found": "serial 7"}.items() <= rows[0].items()
    assert [rows[0]["on"]] == [key for key in home.keys("backups/") if key.endswith(".tfstate")]


def test_a_whole_state_is_never_replaced(place: World, home: StateBackend, runs: Runs) -> None:
    """Without a source the run lists what there is; with one it refuses."""
    runs.run(backup_terraform_state)
    rows = runs.artifact(runs.run(restore_terraform_state), "state-versions")
    assert {row["kind"] for row in rows} == {"version", "backup"}
    home.write(home.backend.key, state_of(8))
    (backup,) = [row["source"] for row in rows if row["kind"] == "backup"]
    assert "the state is readable" in told(runs.run(restore_terraform_state, source=backup))
    assert "has no version, snapshot or backup 'x'" in told(runs.run(restore_terraform_state, source="x"))


def test_a_damaged_state_is_brought_back(place: World, home: StateBackend, runs: Runs) -> None:
    """What was in its place is kept; a dry run only says that it may be."""
    runs.run(backup_terraform_state)
    (backup,) = [key for key in home.keys("backups/") if key.endswith(".tfstate")]
    home.write(home.backend.key, b"rubbish")
    assert runs.run(restore_terraform_state, source=backup, dry_run=True).type.value == "COMPLETED"
    assert home.read(home.backend.key).body == b"rubbish"  # type: ignore[union-attr]
    state = runs.run(restore_terraform_state, source=backup)
    (row,) = runs.artifact(state, "state-restored")
    assert (row["was"], row["serial"], row["from"]) == ("damaged", 8, backup)
    assert home.read(row["kept"]).body == b"rubbish"  # type: ignore[union-attr]


def test_where_approval_is_wanted_a_person_decides_on_this_copy(
    place: World, home: StateBackend, runs: Runs
) -> None:
    """A refusal leaves the damaged state as it is."""
    runs.run(backup_terraform_state)
    (backup,) = [key for key in home.keys("backups/") if key.endswith(".tfstate")]
    home.delete(home.backend.key)
    place.live = replace(place.live, settings=place.live.settings.model_copy(update={"approval": "always"}))
    for decision, by, end in (("refuse", "rudo", "FAILED"), ("approve", "anna", "COMPLETED")):
        run = runs.begin(restore_terraform_state, source=backup)
        assert runs.carry(restore_terraform_state, run).name == "Suspended"
        state = runs.decide(restore_terraform_state, run, decision=decision, by=by)
        assert state.type.value == end, told(state)
        assert ("rudo decided against it" in told(state)) is (decision == "refuse")
    (row,) = runs.artifact(state, "state-restored")
    assert (row["was"], row["approved by"]) == ("missing", "anna")


@flow
def owner() -> None:
    """Hold a lock."""


def locked_by(home: StateBackend, runs: Runs, *, alive: bool) -> None:
    """Lock the state as a run on another host did, which still runs or has ended."""
    run = runs.client.create_flow_run(owner, state=Running())
    if not alive:
        runs.client.set_flow_run_state(run.id, Completed(), force=True)
    for name in (str(run.id), str(uuid4()), "no id"):
        now = datetime.now(UTC)
        host = "there" if name == str(run.id) else "elsewhere"
        announce(home, RunRecord(name, "staging", host, 1, "boot:1", "/f", now, now + timedelta(hours=1)))
    take_lock(home, "ada@there", "OperationTypeApply")


def test_a_lock_is_removed_when_its_run_has_ended(place: World, home: StateBackend, runs: Runs) -> None:
    """Prefect knows; a dry run only tells."""
    assert runs.run(unlock_state).type.value == "COMPLETED"
    locked_by(home, runs, alive=False)
    shown = runs.artifact(runs.run(unlock_state, dry_run=True), "lock")
    assert [row["verdict"] for row in shown] == ["stale"]
    assert read_lock(home) is not None
    assert runs.run(unlock_state).type.value == "COMPLETED"
    assert read_lock(home) is None


def test_a_living_runs_lock_stays(place: World, home: StateBackend, runs: Runs) -> None:
    """Whoever asks."""
    locked_by(home, runs, alive=True)
    state = runs.run(unlock_state)
    assert "stays (owner ada@there" in told(state)
    lock = read_lock(home)
    assert lock is not None
    delete_lock(home, lock)
