"""The job's decisions and codecs, without a task."""

import os
import sqlite3
from collections.abc import Callable
from email.message import Message
from io import BytesIO
from pathlib import Path
from urllib.error import HTTPError

import pytest
from support.zstd import frame as zstd_frame

from pipeline.sqlite.job import checks, codec, source, transfer, zstd
from pipeline.sqlite.job.errors import JobError

MOUNTS = """\
22 1 0:21 / / rw - overlay overlay rw
30 22 0:40 / /data rw - nfs4 127.0.0.1:/ rw,vers=4.1
31 30 8:1 / /data/local rw - ext4 /dev/sda1 rw
32 22 0:41 / /with\\040space rw master:1 - cifs //server/share rw
broken line
"""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/data/db.sqlite3", "nfs4"),
        ("/data/local/db.sqlite3", "ext4"),
        ("/database/db.sqlite3", "overlay"),
        ("/with space/db.sqlite3", "cifs"),
    ],
)
def test_the_longest_mount_point_tells_the_file_system(path: str, expected: str) -> None:
    """A prefix of a name is no folder above it."""
    assert source.file_system(path, MOUNTS) == expected


def test_without_a_mount_table_the_file_system_is_unknown() -> None:
    """Not every kernel has one."""
    assert source.file_system("/data/db", "") == "unknown"


@pytest.mark.parametrize(
    ("journal", "kind", "refused"),
    [
        ("wal", "nfs4", True),
        ("wal", "nfs", True),
        ("wal", "cifs", True),
        ("wal", "fuse.s3fs", True),
        ("wal", "ext4", False),
        ("wal", "overlay", False),
        ("delete", "nfs4", False),
    ],
)
def test_wal_is_refused_on_network_file_systems_only(journal: str, kind: str, refused: bool) -> None:
    """The message names the way out."""
    reason = source.refusal(journal, kind)
    assert (reason is not None) is refused
    assert reason is None or "journal_mode=DELETE" in reason


def _gzip(content: bytes) -> bytes:
    packer = codec.compressor()
    return packer.compress(content) + packer.flush()


CODECS = pytest.mark.parametrize(("name", "packed"), [("gzip", _gzip), ("zstd", zstd_frame)])


@CODECS
@pytest.mark.parametrize("size", [0, 1, 131_072, 3_000_000])
def test_what_was_packed_is_unpacked(name: str, packed: Callable[[bytes], bytes], size: int) -> None:
    """Whatever the sizes of the pieces; highly compressible data expands a lot per input byte."""
    for content in (os.urandom(size), bytes(size)):
        unpacker, whole = codec.decompressor(name), packed(content)
        pieces = [whole[at : at + 1000] for at in range(0, len(whole), 1000)]
        unpacked = b"".join([*(out for piece in pieces for out in unpacker.feed(piece)), *unpacker.finish()])
        assert unpacked == content


@CODECS
def test_a_truncated_stream_is_noticed(name: str, packed: Callable[[bytes], bytes]) -> None:
    """Not only by the digest."""
    unpacker, whole = codec.decompressor(name), packed(os.urandom(100_000))
    with pytest.raises(JobError, match="too early"):
        b"".join([*unpacker.feed(whole[:-10]), *unpacker.finish()])


@pytest.mark.parametrize("name", ["gzip", "zstd"])
def test_rubbish_is_no_backup(name: str) -> None:
    """It is called corrupt."""
    with pytest.raises(JobError) as caught:
        b"".join(codec.decompressor(name).feed(b"rubbish" * 100))
    assert caught.value.kind == "corrupt"


def test_an_image_without_the_library_is_told_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only backups of earlier versions need it."""
    monkeypatch.setattr(zstd, "_LIBRARY", "libnone.so.0")
    with pytest.raises(JobError, match="libzstd1") as caught:
        codec.decompressor("zstd")
    assert caught.value.kind == "no-codec"


def test_an_unknown_codec_is_named() -> None:
    """A newer pipeline may have written the manifest."""
    with pytest.raises(JobError, match="lz4"):
        codec.decompressor("lz4")


def test_messages_show_no_signature() -> None:
    """The query of a presigned URL is a secret."""
    assert transfer.where("https://h/b/k?X-Amz-Signature=s") == "https://h/b/k"


def test_pauses_grow_and_end_growing() -> None:
    """Within a third of 0.5, 1, 2, ... 20 seconds."""
    slept: list[float] = []
    for attempt in range(10):
        transfer.pause(attempt, slept.append)
    assert 0.3 < slept[0] < 0.7
    assert 13 < slept[-1] < 27


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Return a database with a violated foreign key and an awkward name."""
    path = tmp_path / "db"
    connection = sqlite3.connect(path)
    connection.executescript(
        """
        CREATE TABLE parent(id INTEGER PRIMARY KEY);
        CREATE TABLE "chi""ld"(id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent(id));
        INSERT INTO "chi""ld" VALUES (1, 99), (2, NULL);
        """
    )
    connection.close()
    return path


def test_the_fingerprint_counts_and_warns(database: Path) -> None:
    """Foreign keys that point nowhere are counted; names are quoted."""
    found = checks.check(str(database), "integrity_check")
    assert found["rows"] == {'chi"ld': 2, "parent": 0}
    assert found["foreign_key_violations"] == 1
    assert found["migrations"] == []
    assert checks.check(str(database), "quick_check")["schema_sha256"] == found["schema_sha256"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"page_count": 1}, ["page_count"]),
        ({"schema_sha256": "other"}, ["schema_sha256"]),
        ({"rows": {"parent": 0}}, ['rows of chi"ld']),
        ({"rows": {'chi"ld': None, "parent": 0}}, []),
        ({"check_seconds": 1e9}, []),
    ],
)
def test_differences_are_named(database: Path, changes: dict[str, object], expected: list[str]) -> None:
    """A table that one SQLite could not count says nothing."""
    found = checks.check(str(database), "integrity_check")
    named = checks.differences(found, {**found, **changes})
    assert [item.split(":")[0] for item in named] == expected


@pytest.mark.parametrize(
    ("code", "message", "told"),
    [
        ("AccessDenied", "Request has expired", "403 RequestExpired"),
        ("ExpiredToken", "The provided token has expired.", "403 RequestExpired"),
        ("AccessDenied", "Access Denied", "403 AccessDenied"),
    ],
)
def test_a_url_that_has_ended_is_told_from_a_missing_right(code: str, message: str, told: str) -> None:
    """S3 calls the first AccessDenied as well."""
    body = BytesIO(f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode())
    answer = HTTPError("https://b/k", 403, "Forbidden", Message(), body)
    found = transfer._answered(answer, "https://b/k", "upload")
    assert (found.kind, str(found)) == ("upload-refused", f"{transfer.where('https://b/k')} answered {told}")
