"""Backup, restore, drill and clean-up through ECS tasks in real containers and S3 of the emulator."""

import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_support import databases
from sqlite_support.dying import POLICY, dying_backup, killed, quiet
from sqlite_support.emulator import emulator, keys, make_live, uploads

from pipeline.aws.access import AwsAccess
from pipeline.ecs.model import OneOffTaskError
from pipeline.live import LiveEnvironment
from pipeline.retention import RetentionPolicy
from pipeline.sqlite import backup as backup_module
from pipeline.sqlite.backup import back_up
from pipeline.sqlite.journal import open_entry
from pipeline.sqlite.layout import MANIFEST, UNUSABLE
from pipeline.sqlite.model import NoDatabaseError, SqliteJobError
from pipeline.sqlite.restore import Swapped, drill, restore_to_file, swap_back, swap_orders
from pipeline.sqlite.runner import Runner
from pipeline.sqlite.store import BackupStore, find_backup, list_backups, read_manifest
from pipeline.sqlite.sweep import plan_prune, prune, publish_age, publish_backup, publish_drill, sweep

pytestmark = [pytest.mark.docker, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def access() -> Iterator[AwsAccess]:
    """Run one emulator for the module."""
    with emulator() as found:
        yield found


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    """Return the data volume of the tasks."""
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


@pytest.fixture
def live(access: AwsAccess, volume: Path) -> LiveEnvironment:
    """Return a cluster and a bucket of the test's own."""
    return make_live(access, volume)


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def run_id() -> str:
    """Return the id of a new run."""
    return secrets.token_hex(8)


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_backup_under_load_is_restored(live: LiveEnvironment, volume: Path, journal: str) -> None:
    """With every transaction that was committed before the backup began, beside the live database."""
    database = databases.make(volume / "db.sqlite3", journal, rows=20_000)
    with databases.writing(database) as writer:
        before = writer.committed(10)
        manifest = back_up(live, run_id(), quiet, POLICY)
    assert manifest.checks.migrations == ("ledger.0001_initial",)
    assert manifest.checks.rows["account"] == 100
    assert manifest.peak_kib < 128 * 1024
    assert keys(live) == [manifest.key, manifest.key + MANIFEST]
    assert uploads(live) == []
    assert read_manifest(live, find_backup(live)) == manifest

    present = databases.state(database)
    restored = restore_to_file(live, run_id(), find_backup(live), quiet)
    name = Path(restored.target).name
    total, newest, balances = databases.state(volume / name)
    assert (total, balances) == (0, newest * (newest + 1) // 2)
    assert newest >= before
    assert databases.state(database) == present


def test_a_restored_file_is_swapped_in_and_back(live: LiveEnvironment, volume: Path) -> None:
    """The newer database is kept aside, and returns."""
    database = databases.make(volume / "db.sqlite3", rows=10)
    back_up(live, run_id(), quiet, POLICY)
    databases.add_rows(database, 5)
    restored = restore_to_file(live, run_id(), find_backup(live), quiet)
    orders = swap_orders(live, restored.target, now(), restored.manifest)
    saved = back_up(live, run_id(), quiet, POLICY, swap=orders)
    assert (databases.rows(database), saved.checks.rows["entry"]) == (10, 15)
    swapped = Swapped(orders["database"], orders["aside"])
    swap_back(live, run_id(), swapped, now() + timedelta(seconds=1), quiet)
    assert databases.rows(database) == 15
    assert len(databases.files(volume)) == 2


def test_a_drill_measures_and_marks_a_damaged_backup(live: LiveEnvironment, volume: Path) -> None:
    """Once damaged it is no longer what a restore takes, and the older one is."""
    databases.make(volume / "db.sqlite3")
    first = back_up(live, run_id(), quiet, POLICY)
    passed = drill(live, run_id(), quiet)
    assert passed.rto > passed.job > 0
    assert passed.rpo >= 0
    later = now() + timedelta(seconds=5)
    second = back_up(live, run_id(), quiet, POLICY, clock=lambda: later)
    s3 = live.access.client("s3")
    body = bytearray(s3.get_object(Bucket=live.outputs.backup_bucket, Key=second.key)["Body"].read())
    body[len(body) // 2] ^= 1
    s3.put_object(Bucket=live.outputs.backup_bucket, Key=second.key, Body=bytes(body))
    with pytest.raises(SqliteJobError):
        drill(live, run_id(), quiet)
    assert second.key + UNUSABLE in keys(live)
    assert find_backup(live).key == first.key
    publish_backup(live, first)
    publish_drill(live, passed)
    age = publish_age(live, now() + timedelta(hours=2))
    assert age is not None
    assert 2 <= age < 2.1
    names = {
        item["MetricName"]
        for item in live.access.client("cloudwatch").list_metrics(Namespace="Vimbiso/test")["Metrics"]
    }
    assert {"BackupAgeHours", "BackupSeconds", "RecoverySeconds", "RecoveryPointSeconds"} <= names


def reached_at(live: LiveEnvironment, url: str) -> LiveEnvironment:
    """Return the environment with another endpoint for its tasks."""
    return replace(live, settings=live.settings.model_copy(update={"task_endpoint_url": url}))


def test_what_fails_in_the_task_leaves_older_backups_and_nothing_else(
    live: LiveEnvironment, volume: Path
) -> None:
    """No database, a corrupt one, an S3 that the task cannot reach, and one that answers nothing of use."""
    with pytest.raises(NoDatabaseError):
        back_up(live, run_id(), quiet, POLICY)
    assert databases.files(volume) == []
    databases.make(volume / "db.sqlite3")
    good = back_up(live, run_id(), quiet, POLICY)
    (volume / "db.sqlite3").write_bytes(b"rubbish" * 1000)
    with pytest.raises(SqliteJobError, match="restore-sqlite"):
        back_up(live, run_id(), quiet, POLICY)
    unreachable = reached_at(live, "http://127.0.0.1:9")
    with pytest.raises(OneOffTaskError, match="still"):
        back_up(unreachable, run_id(), quiet, replace(POLICY, timeout=2))
    astray = reached_at(live, f"{live.settings.task_endpoint_url}/astray")
    with pytest.raises(SqliteJobError, match="reported no result"):
        back_up(astray, run_id(), quiet, POLICY)
    assert keys(live) == [good.key, good.key + MANIFEST]
    assert uploads(live) == []


def test_a_run_that_was_killed_goes_on_with_its_own_task(live: LiveEnvironment, volume: Path) -> None:
    """Killed while the task ran: the second call starts none and commits what the first one began."""
    databases.make(volume / "db.sqlite3")
    run = run_id()
    store = BackupStore(live)
    attempt = open_entry(store, "backup", run, now())
    runner = Runner(live, attempt, 60, quiet)
    runner._start(lambda signer: backup_module._spec(live, store, attempt, POLICY, signer))
    manifest = back_up(live, run, quiet, POLICY)
    assert manifest.id == attempt.id
    ecs = live.access.client("ecs")
    tasks = [
        arn
        for status in ("RUNNING", "STOPPED")
        for arn in ecs.list_tasks(cluster=live.outputs.cluster, desiredStatus=status)["taskArns"]
    ]
    assert len(tasks) == 1
    assert uploads(live) == []


@pytest.mark.parametrize("step", ["noted", "uploading", "completed", "committed"])
def test_a_run_that_was_killed_at_any_step_is_swept_or_goes_on(
    live: LiveEnvironment, volume: Path, step: str
) -> None:
    """By SIGKILL: nothing is swept while it may live; then nothing is left but committed backups."""
    database, run, older = databases.make(volume / "db.sqlite3"), run_id(), an_older_backup(live)
    content = database.read_bytes()
    killed(dying_backup, live, run, step)
    left = (keys(live), uploads(live))
    assert sweep(live, now()) == ()
    assert (keys(live), uploads(live)) == left
    if step in {"completed", "committed"}:
        manifest = back_up(live, run, quiet, POLICY)
        assert keys(live) == [*older, manifest.key, manifest.key + MANIFEST]
        assert read_manifest(live, find_backup(live)) == manifest
    else:
        assert sweep(live, now() + timedelta(hours=4))
        assert keys(live) == older
    assert uploads(live) == []
    assert live.one_off_tasks.find("nobody") is None
    assert database.read_bytes() == content
    assert databases.files(volume) == ["db.sqlite3"]


def an_older_backup(live: LiveEnvironment) -> list[str]:
    """Put a backup of yesterday there; return its two keys."""
    at = now() - timedelta(days=1)
    key = f"sqlite/test/{at:%Y/%m/%d}/{at:%Y%m%dT%H%M%SZ}-{0:012x}.gz"
    for name in (key, key + MANIFEST):
        live.access.client("s3").put_object(Bucket=live.outputs.backup_bucket, Key=name, Body=b"{}")
    return [key, key + MANIFEST]


def test_pruning_deletes_what_was_decided(live: LiveEnvironment) -> None:
    """Forty nightly backups shrink to what the rules keep; repeating it changes nothing."""
    s3 = live.access.client("s3")
    for days in range(40):
        at = now() - timedelta(days=days)
        key = f"sqlite/test/{at:%Y/%m/%d}/{at:%Y%m%dT%H%M%SZ}-{days:012x}.gz"
        for name in (key, key + MANIFEST):
            s3.put_object(Bucket=live.outputs.backup_bucket, Key=name, Body=b"{}")
    decision = plan_prune(live, now(), RetentionPolicy())
    pruned = prune(live, decision)
    assert len(decision.pruned) > 20
    assert (pruned.deleted, pruned.failed) == (decision.pruned, ())
    assert list_backups(live) == tuple(item.backup for item in decision.kept)
    assert plan_prune(live, now(), RetentionPolicy()).pruned == ()
