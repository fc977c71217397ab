"""What is kept beside the state: plans, records, runs, copies."""

import json
import socket
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from state_values import NOON, record, run
from support.refusals import refusing

from pipeline.aws.errors import AwsError
from pipeline.retention import RetentionPolicy
from pipeline.state.backend import StateBackend, near_misses, read_addresses
from pipeline.state.backup import backup_state, git_revision, pack
from pipeline.state.lock import delete_lock, held_lock, read_lock, take_lock, write_digest
from pipeline.state.model import StateChangedError, StateError
from pipeline.state.plans import (
    WaitingPlan,
    drop_plan,
    fetch_plan,
    forget_waiting,
    identity,
    keep_plan,
    remember_waiting,
    waiting_plan,
)
from pipeline.state.record import (
    announce,
    is_read_back,
    keep_record,
    note_read_back,
    read_bundle,
    read_records,
    read_runs,
    take_snapshot,
)
from pipeline.state.restore import PresentState, choose_record, inspect_state, list_candidates, restore_state
from pipeline.state.unlock import forget_gone, unlock
from pipeline.terraform.diagnostics import TerraformError
from pipeline.terraform.document import Plan, read_plan


def state(serial: int = 1, **resources: str) -> bytes:
    """Return a state file with a resource of each name and type."""
    items = [{"type": kind, "name": name, "instances": [{}]} for name, kind in resources.items()]
    return json.dumps({"serial": serial, "lineage": "l", "resources": items}).encode()


def plan(folder: Path, serial: int = 1) -> Plan:
    """Write a file that is as much of a plan as is read of one."""
    path = folder / f"{serial}.tfplan"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tfstate", json.dumps({"serial": serial, "lineage": "l"}))
    return read_plan(path, has_changes=True)


def test_a_state_is_read_back_until_it_changes(home: StateBackend) -> None:
    """An apply that nobody read back afterwards shows in its serial."""
    assert not is_read_back(home)
    home.write(home.backend.key, state(7))
    note_read_back(home)
    assert is_read_back(home)
    home.write(home.backend.key, state(8))
    assert not is_read_back(home)


def test_a_kept_plan_comes_back_as_it_was_until_it_is_dropped(home: StateBackend, tmp_path: Path) -> None:
    """Keeping it twice changes nothing; once it is dropped the error says to plan again."""
    first = plan(tmp_path)
    kept = keep_plan(home, first)
    assert keep_plan(home, first) == kept
    fetched = fetch_plan(home, kept, tmp_path / "fetched")
    assert (fetched.sha256, fetched.serial, fetched.has_changes) == (kept.sha256, 1, True)
    assert (tmp_path / "fetched").stat().st_mode & 0o777 == 0o600
    drop_plan(home, kept)
    with pytest.raises(StateError, match=r"is gone\. Plan again"):
        fetch_plan(home, kept, tmp_path / "fetched")


def test_a_plan_that_was_altered_in_the_bucket_is_not_applied(home: StateBackend, tmp_path: Path) -> None:
    """An approval is for one plan."""
    kept, other = keep_plan(home, plan(tmp_path)), plan(tmp_path, serial=2)
    home.write(f"plans/staging/{kept.sha256}.tfplan", other.path.read_bytes())
    with pytest.raises(StateError, match="was altered"):
        fetch_plan(home, kept, tmp_path / "fetched")


@pytest.mark.parametrize("body", [b"", b"no archive"])
def test_a_file_that_is_no_plan_is_refused(tmp_path: Path, body: bytes) -> None:
    """With the file's name."""
    (tmp_path / "x.tfplan").write_bytes(body)
    with pytest.raises(TerraformError, match=r"x\.tfplan is not a plan"):
        read_plan(tmp_path / "x.tfplan", has_changes=True)


def test_what_a_run_waits_for_is_remembered_and_forgotten(home: StateBackend, tmp_path: Path) -> None:
    """A resumed run reads what it showed; another run has none."""
    waiting = WaitingPlan(identity(home, plan(tmp_path)), NOON, "1 to add", "record-1")
    remember_waiting(home, "run-1", waiting)
    assert waiting_plan(home, "run-1") == waiting
    assert waiting_plan(home, "run-2") is None
    forget_waiting(home, "run-1")
    assert waiting_plan(home, "run-1") is None


def test_a_record_is_kept_once_with_its_own_bundle(home: StateBackend, tmp_path: Path) -> None:
    """Another bundle, or another content under the same name, is refused."""
    (tmp_path / "main.tf").write_text("# 1\n")
    bundle = pack(tmp_path, {})
    kept = replace(record(1, "a"), bundle_sha256=bundle.sha256)
    assert keep_record(home, kept, bundle) == keep_record(home, kept, bundle)
    assert read_bundle(home, kept) == bundle.body
    with pytest.raises(StateError, match="names another bundle"):
        keep_record(home, record(1, "a"), bundle)
    with pytest.raises(StateError, match="with other content"):
        keep_record(home, replace(kept, run_id="other"), bundle)
    with pytest.raises(StateError, match="Choose another record"):
        read_bundle(home, record(2, "b"))


def test_a_damaged_record_is_named(home: StateBackend) -> None:
    """A rollback must not choose among half of the history."""
    home.write("records/staging/x/record.json", b"{}")
    with pytest.raises(StateError, match=r"records/staging/x/record\.json is damaged"):
        read_records(home)


def test_a_rollback_to_a_record_that_is_gone_keeps_its_place_in_history() -> None:
    """Names sort by time, so what came before it is still known."""
    gone = record(2, "b")
    history = [record(1, "a"), record(3, "c"), record(4, "b", restores=gone.name)]
    assert choose_record(history) == record(1, "a")


def test_a_run_record_that_is_none_is_left_out(home: StateBackend) -> None:
    """Whatever lies there must not keep anybody from unlocking."""
    announce(home, run("good"))
    home.write("locks/staging/bad.json", b"{}")
    assert [item.run_id for item in read_runs(home)] == ["good"]


def test_only_runs_that_are_gone_are_forgotten(home: StateBackend) -> None:
    """A run on another machine, of which nothing is known, stays; none is while a lock is held."""
    announce(home, run("elsewhere", host="elsewhere"))
    announce(home, replace(run("gone"), host=socket.gethostname()))
    with held_lock(home, "ada@here", "Test"):
        forget_gone(home)
        assert len(read_runs(home)) == 2
    forget_gone(home)
    assert [item.run_id for item in read_runs(home)] == ["elsewhere"]


def test_unlocking_what_is_free_does_nothing(home: StateBackend) -> None:
    """The report says that there is no lock."""
    assert unlock(home, "any").lock is None


def test_a_lock_is_taken_once_and_freed_once(home: StateBackend) -> None:
    """The second is told to wait; freeing what is gone is told too."""
    lock = take_lock(home, "ada@here", "Test")
    with pytest.raises(StateChangedError, match="locked by somebody else"):
        take_lock(home, "bob@there", "Test")
    delete_lock(home, lock)
    assert read_lock(home) is None
    with pytest.raises(StateChangedError, match="not there any more"):
        delete_lock(home, lock)


def test_a_lock_whose_removal_boto3_repeats_is_free(
    home: StateBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The work under it is done and stays done: the answer to the first removal was lost."""
    dynamodb = home.access.client("dynamodb")
    remove = dynamodb.delete_item
    monkeypatch.setattr(dynamodb, "delete_item", lambda **request: (remove(**request), remove(**request))[1])
    with held_lock(home, "ada@here", "Test"):
        pass
    assert read_lock(home) is None


def test_a_lock_that_another_run_took_meanwhile_is_told(home: StateBackend) -> None:
    """Somebody freed it by hand while the work went on."""
    with pytest.raises(StateChangedError, match="another run took it"):
        _lose_the_lock(home)


def _lose_the_lock(home: StateBackend) -> None:
    with held_lock(home, "ada@here", "Test") as lock:
        delete_lock(home, lock)
        take_lock(home, "bob@there", "Test")


def test_a_snapshot_is_taken_once_and_of_something_only(home: StateBackend) -> None:
    """Before the first apply there is nothing to copy."""
    assert take_snapshot(home, "run") is None
    home.write(home.backend.key, state(3))
    assert take_snapshot(home, "run") == take_snapshot(home, "run")


def test_a_backup_that_is_not_what_was_written_is_told(home: StateBackend) -> None:
    """The copy is read again."""
    home.write(home.backend.key, state(3))
    with (
        refusing(home.access.client("s3"), "GetObject", "NoSuchKey", after=1),
        pytest.raises(StateError, match="is not what was written"),
    ):
        backup_state(home, RetentionPolicy())


def test_a_version_that_vanishes_while_it_is_listed_is_no_candidate(home: StateBackend) -> None:
    """As are versions that are no states."""
    home.write(home.backend.key, state(1))
    home.write(home.backend.key, b"damaged")
    home.write(home.backend.key, state(2))
    assert [item.head.serial for item in list_candidates(home)] == [2, 1]
    with refusing(home.access.client("s3"), "GetObject", "NoSuchVersion", times=1):
        assert [item.head.serial for item in list_candidates(home)] == [1]


def test_a_state_with_a_wrong_digest_is_restored_without_another_serial(home: StateBackend) -> None:
    """Only the lock table is fixed."""
    home.write(home.backend.key, state(4))
    write_digest(home, "0" * 32)
    seen = inspect_state(home)
    stored = home.read(home.backend.key)
    assert stored is not None
    assert seen.description == "serial 4 with 0 resources, but the lock table expects another content"
    assert restore_state(home, stored, seen, "ada@here").serial == 4
    assert inspect_state(home).whole


@pytest.mark.parametrize(
    ("present", "told"),
    [
        (PresentState(None, missing=True, digest_agrees=True), "missing"),
        (PresentState(None, missing=False, digest_agrees=False), "damaged"),
    ],
)
def test_what_is_wrong_with_a_state_is_told(present: PresentState, told: str) -> None:
    """In one word."""
    assert present.description == told


def test_addresses_are_read_from_the_state(home: StateBackend) -> None:
    """None before there is one."""
    assert read_addresses(home) == ()
    home.write(home.backend.key, state(1, web="aws_lb"))
    assert read_addresses(home) == ("aws_lb.web",)


def test_a_mistyped_module_is_found_a_resource_is_not_split() -> None:
    """Only modules are offered beside resources."""
    assert near_misses("module.strage", ["module.storage.aws_efs.data"])[0] == "module.storage"
    assert near_misses("aws_lb.web2", ["aws_lb.web.extra.parts"]) == ("aws_lb.web.extra.parts",)


def test_without_a_folder_there_is_no_revision(tmp_path: Path) -> None:
    """Git cannot even be started there."""
    assert git_revision(tmp_path / "gone") == ""


def test_a_lock_that_boto3_took_twice_is_ours(home: StateBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer to the first request was lost, and the second one meets the lock that it made."""
    dynamodb = home.access.client("dynamodb")
    put = dynamodb.put_item
    monkeypatch.setattr(dynamodb, "put_item", lambda **request: (put(**request), put(**request))[1])
    lock = take_lock(home, "ada@here", "Test")
    assert read_lock(home) == lock
    with pytest.raises(StateChangedError, match="locked by somebody else"):
        take_lock(home, "eve@there", "Test")


CALLS: list[tuple[str, str, Callable[[StateBackend], object]]] = [
    ("s3", "GetObject", lambda home: home.read("x")),
    ("s3", "PutObject", lambda home: home.write("x", b"")),
    ("dynamodb", "PutItem", lambda home: take_lock(home, "ada@here", "Test")),
    ("dynamodb", "DeleteItem", lambda home: delete_lock(home, take_lock(home, "ada@here", "Test"))),
]


@pytest.mark.parametrize(("service", "operation", "call"), CALLS, ids=[item[1] for item in CALLS])
def test_a_refusal_is_neither_absence_nor_somebody_elses_change(
    home: StateBackend, service: str, operation: str, call: Callable[[StateBackend], object]
) -> None:
    """It is AWS's error, with bucket or table."""
    with (
        refusing(home.access.client(service), operation, "AccessDenied"),
        pytest.raises(AwsError, match="AccessDenied"),
    ):
        call(home)
