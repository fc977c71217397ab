"""Backups through real containers whose upload S3 refuses or damages."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_support import databases
from sqlite_support.emulator import emulator, keys, make_live, uploads

from pipeline.aws.access import AwsAccess
from pipeline.live import LiveEnvironment
from pipeline.sqlite import backup as backup_module
from pipeline.sqlite.backup import back_up
from pipeline.sqlite.layout import MANIFEST
from pipeline.sqlite.model import BackupManifest, BackupPolicy, SqliteError, SqliteJobError
from pipeline.sqlite.store import BackupStore, OpenUpload, find_backup

pytestmark = [pytest.mark.docker, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def access() -> Iterator[AwsAccess]:
    """Run one emulator for the module."""
    with emulator() as found:
        yield found


@pytest.fixture
def live(access: AwsAccess, tmp_path: Path) -> LiveEnvironment:
    """Return a cluster and a bucket of the test's own, with a database on the volume."""
    databases.make(tmp_path / "db.sqlite3")
    return make_live(access, tmp_path)


@pytest.fixture
def older(live: LiveEnvironment) -> Iterator[BackupManifest]:
    """A good backup; nothing else is there afterwards."""
    good = backup(live)
    yield good
    assert (keys(live), uploads(live)) == ([good.key, good.key + MANIFEST], [])
    assert find_backup(live).key == good.key


def backup(live: LiveEnvironment) -> BackupManifest:
    """Back up in a new run."""
    return back_up(live, secrets.token_hex(8), lambda _: None, BackupPolicy(parts=8, timeout=600))


def test_an_object_that_is_not_what_was_sent_is_no_backup(
    live: LiveEnvironment, older: BackupManifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One bit of the stored object differs: no manifest, no object, no upload; older ones stay."""

    class Damaging(BackupStore):
        def complete(self, upload: OpenUpload, etags: dict[int, str]) -> str:
            """Complete, and let the stored object lose a bit."""
            etag, s3 = super().complete(upload, etags), live.access.client("s3")
            body = bytearray(s3.get_object(Bucket=self.name, Key=upload.key)["Body"].read())
            body[len(body) // 2] ^= 1
            s3.put_object(Bucket=self.name, Key=upload.key, Body=bytes(body))
            return etag

    monkeypatch.setattr(backup_module, "BackupStore", Damaging)
    with pytest.raises(SqliteError, match="SHA-256"):
        backup(live)


def test_a_refused_upload_is_no_backup(
    live: LiveEnvironment, older: BackupManifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3 refuses the task's parts: no manifest, no object, no upload; older ones stay."""

    class Aborting(BackupStore):
        def create_upload(self, key: str) -> OpenUpload:
            """Begin an upload that S3 no longer knows when the task sends its parts."""
            upload = super().create_upload(key)
            self.abort([upload])
            return upload

    monkeypatch.setattr(backup_module, "BackupStore", Aborting)
    with pytest.raises(SqliteJobError, match="NoSuchUpload"):
        backup(live)
