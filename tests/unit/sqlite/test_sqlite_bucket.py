"""The backup bucket: what is there, what is refused, and what two runs do to each other."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto import mock_aws
from support.live import live_environment
from support.refusals import UNREACHABLE, refusing

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import AwsError
from pipeline.outputs import Outputs
from pipeline.recovery.record import OpenRestore, OpenRestores, RecoveryError, choose
from pipeline.retention import RetentionPolicy
from pipeline.sqlite import layout
from pipeline.sqlite.backup import commit, discard
from pipeline.sqlite.journal import close_entry, open_entry
from pipeline.sqlite.model import BackupManifest, Checks, DatabaseBackup, OtherRunError, SqliteError
from pipeline.sqlite.store import BackupStore, OpenUpload, find_backup, read_manifest
from pipeline.sqlite.sweep import plan_prune, prune, publish_age

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BUCKET = "backups"
ACCESS = AwsAccess("af-south-1", access_key_id="sqlite-bucket", secret_access_key="x")
LIVE = live_environment(
    ACCESS,
    Outputs.model_construct(
        environment="test", backup_bucket=BUCKET, metrics_namespace="V", databases=("/data/db.sqlite3",)
    ),
)
CHECKS = Checks(
    integrity="ok",
    page_size=4096,
    page_count=1,
    user_version=0,
    foreign_key_violations=0,
    rows={},
    migrations=(),
    schema_sha256="",
    check_seconds=0,
)


@pytest.fixture
def s3() -> Iterator[Any]:
    """The bucket, empty."""
    with mock_aws():
        client = ACCESS.client("s3")
        client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "af-south-1"})
        yield client


@pytest.fixture
def store(s3: Any) -> BackupStore:
    """The store on it."""
    return BackupStore(LIVE)


def manifest(day: int = 0, reason: str = "nightly") -> BackupManifest:
    """Return the manifest of a backup so many days old."""
    at = NOW - timedelta(days=day)
    return BackupManifest(
        id=f"{day:04x}",
        key=layout.stem("test", at, f"{day:04x}") + ".gz",
        environment="test",
        reason=reason,
        run_id="run",
        task_definition="app:1",
        copied_at=at,
        created_at=at,
        codec="gzip",
        bytes=1,
        sha256="a",
        compressed_bytes=1,
        compressed_sha256="b",
        etag="e",
        checks=CHECKS,
        journal="delete",
        file_system="ext4",
        lock_seconds=0,
        task_seconds=1,
        peak_kib=1,
        sqlite="3",
        python="3",
    )


def keep(store: BackupStore, kept: BackupManifest) -> DatabaseBackup:
    """Commit a backup."""
    store.write(kept.key, b"{}")
    store.write(kept.key + layout.MANIFEST, kept.model_dump_json().encode())
    return DatabaseBackup(kept.key, kept.id, kept.copied_at)


def test_without_a_backup_each_question_says_what_to_do(store: BackupStore) -> None:
    """No age is published either: the alarm treats silence as a fault."""
    with pytest.raises(SqliteError, match="Run backup-sqlite"):
        find_backup(LIVE)
    with pytest.raises(SqliteError, match="The newest: none"):
        find_backup(LIVE, "x")
    with pytest.raises(SqliteError, match="of a live database"):
        choose(LIVE, None)
    assert publish_age(LIVE, NOW) is None


def test_the_newest_verified_backup_is_found_or_the_one_that_is_named(store: BackupStore) -> None:
    """One that a drill found unusable is found by its name only."""
    new, old = keep(store, manifest(1)), keep(store, manifest(2))
    assert find_backup(LIVE) == new
    store.write(new.key + layout.UNUSABLE, b"{}")
    assert find_backup(LIVE) == old
    assert find_backup(LIVE, new.id) == replace(new, verified=False)
    assert publish_age(LIVE, NOW) == 48


def test_a_damaged_manifest_is_told(store: BackupStore) -> None:
    """With what to do."""
    broken = keep(store, manifest(1))
    store.write(broken.key + layout.MANIFEST, b"{}")
    with pytest.raises(SqliteError, match=r"is damaged.*Choose another"):
        read_manifest(LIVE, broken)


def test_a_backup_of_another_database_is_not_put_in_this_ones_place(store: BackupStore) -> None:
    """Its key follows from the order of the settings, which somebody changed; a path that moved is none."""
    both = replace(
        LIVE,
        built=LIVE.outputs.model_copy(update={"databases": ("/data/db.sqlite3", "/data/audit.sqlite3")}),
    )
    for path, refused in (("/data/audit.sqlite3", True), ("/data/old.sqlite3", False), ("", False)):
        kept = keep(store, manifest(1).model_copy(update={"database": path}))
        if refused:
            with pytest.raises(
                SqliteError, match=r"was made of /data/audit\.sqlite3, not of /data/db\.sqlite3"
            ):
                read_manifest(both, kept)
        else:
            assert read_manifest(both, kept).database == path


def test_a_copy_of_what_a_restore_replaced_is_not_chosen_by_itself(store: BackupStore) -> None:
    """It would bring back what was to go, and hide that backups of the live one stopped."""
    replaced, live = keep(store, manifest(1)), keep(store, manifest(2))
    store.write(replaced.key + layout.REPLACED, b"{}")
    replaced = replace(replaced, apart="replaced by a restore")
    assert choose(LIVE, None) == find_backup(LIVE) == live
    assert choose(LIVE, replaced.id) == find_backup(LIVE, replaced.key) == replaced
    assert publish_age(LIVE, NOW) == 48


def restore(backup: DatabaseBackup, identity: str = "run") -> OpenRestore:
    """Return a restore under way."""
    return OpenRestore(
        id=identity,
        backup=backup.key,
        incoming="/data/in",
        database="/data/db",
        began=NOW,
        wanted=1,
        scaling=None,
    )


def test_an_open_restore_goes_on_with_its_own_backup(store: BackupStore) -> None:
    """Another one has to wait for its end."""
    first, other = keep(store, manifest(2)), keep(store, manifest(1))
    opened = restore(first)
    assert choose(LIVE, None, opened) == first
    assert choose(LIVE, first.id, opened) == first
    with pytest.raises(RecoveryError, match="must end first"):
        choose(LIVE, other.id, opened)


def test_two_restores_that_begin_at_once_are_one(store: BackupStore) -> None:
    """The second is told; the same one twice is S3's client, which repeated its write."""
    records, opened = OpenRestores(LIVE), restore(DatabaseBackup("a.gz", "a", NOW))
    records.open(opened)
    records.open(opened)
    with pytest.raises(RecoveryError, match="began at the same moment"):
        records.open(restore(DatabaseBackup("b.gz", "b", NOW), "other"))
    records.remove()
    assert records.find() is None


def test_a_run_finds_its_own_attempt_and_no_other(store: BackupStore) -> None:
    """Until it is closed."""
    attempt = open_entry(store, "backup", "run", NOW)
    assert open_entry(store, "backup", "run", NOW + timedelta(hours=1)) == attempt
    assert open_entry(store, "backup", "other", NOW) != attempt
    close_entry(store, attempt)
    assert open_entry(store, "backup", "run", NOW) != attempt


def test_a_run_id_that_cannot_be_a_key_is_refused(store: BackupStore) -> None:
    """Before anything is written."""
    with pytest.raises(SqliteError, match="is no run id"):
        open_entry(store, "backup", "a/b", NOW)


class Twice(BackupStore):
    """A store in which the first look comes before another process's write."""

    def find(self, *asked: Any, **more: Any) -> Any:
        """Find nothing once."""
        self.looks = getattr(self, "looks", 0) + 1
        return None if self.looks == 1 else super().find(*asked, **more)


def test_one_run_active_twice_is_told(store: BackupStore) -> None:
    """Two tasks would do its work."""
    open_entry(store, "backup", "run", NOW)
    with pytest.raises(OtherRunError, match="active twice"):
        open_entry(Twice(LIVE), "backup", "run", NOW)


def test_a_repeated_write_of_ones_own_note_is_no_other_run(
    store: BackupStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to the first was lost."""
    monkeypatch.setattr("pipeline.sqlite.journal.secrets.token_hex", lambda _: "ab")
    first = open_entry(store, "backup", "run", NOW)
    again = open_entry(Twice(LIVE), "backup", "run", NOW)
    assert again == first


def test_a_manifest_is_committed_once(store: BackupStore) -> None:
    """A repeat of the same is what is there already; another one's is not written over."""
    first = manifest(1)
    assert commit(store, first) == first
    assert commit(store, first.model_copy(update={"run_id": "again"})) == first
    with pytest.raises(OtherRunError):
        commit(store, first.model_copy(update={"compressed_sha256": "other"}))


def test_what_is_discarded_leaves_nothing_but_a_committed_backup(store: BackupStore) -> None:
    """A kill after the commit does not cost the backup."""
    attempt = open_entry(store, "backup", "run", NOW)
    store.write(attempt.stem + ".gz", b"x")
    discard(store, attempt)
    assert store.keys("") == {}
    attempt = open_entry(store, "backup", "run", NOW)
    store.write(attempt.stem + ".gz", b"x")
    store.write(attempt.stem + ".gz" + layout.MANIFEST, b"{}")
    discard(store, attempt)
    assert set(store.keys("")) == {attempt.stem + ".gz", attempt.stem + ".gz" + layout.MANIFEST}


def test_one_backup_that_cannot_be_deleted_does_not_stop_the_others(store: BackupStore, s3: Any) -> None:
    """It is told with AWS's reason."""
    for day in range(25):
        keep(store, manifest(day))
    decision = plan_prune(LIVE, NOW, RetentionPolicy())
    assert len(decision.pruned) >= 2
    with refusing(s3, "DeleteObject", "AccessDenied", times=1):
        done = prune(LIVE, decision)
    assert [backup for backup, _ in done.failed] == [decision.pruned[0]]
    assert done.deleted == decision.pruned[1:]
    assert "AccessDenied" in done.failed[0][1]


@pytest.mark.parametrize("code", ["AccessDenied", UNREACHABLE])
def test_a_refusal_is_never_taken_for_absence(store: BackupStore, s3: Any, code: str) -> None:
    """Neither while reading, nor writing, nor throwing parts away."""
    for operation, call in {
        "GetObject": lambda: store.document("x"),
        "HeadObject": lambda: store.head("x"),
        "PutObject": lambda: store.write_once("x", b""),
        "AbortMultipartUpload": lambda: store.abort([OpenUpload("x", "1")]),
    }.items():
        with refusing(s3, operation, code), pytest.raises(AwsError, match=r"s3://backups/x"):
            call()
    assert store.document("x") is None
    assert store.head("x") is None


def test_an_upload_that_is_gone_is_thrown_away(store: BackupStore, s3: Any) -> None:
    """A sweep may have been faster."""
    with refusing(s3, "AbortMultipartUpload", "NoSuchUpload"):
        store.abort([OpenUpload("x", "1")])


def test_an_object_is_read_back_in_spite_of_a_broken_answer(store: BackupStore, s3: Any) -> None:
    """Twice; the third failure is told."""
    store.write("x", b"{}")
    with refusing(s3, "GetObject", UNREACHABLE, times=2):
        assert len(store.sha256("x")) == 64
    with refusing(s3, "GetObject", UNREACHABLE), pytest.raises(AwsError, match="back"):
        store.sha256("x")
