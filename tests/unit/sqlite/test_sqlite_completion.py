"""What must agree before a backup is committed."""

from typing import Any, cast

import pytest

from pipeline.aws.bucket import ObjectHead
from pipeline.sqlite.backup import complete, prove
from pipeline.sqlite.model import BackupPolicy, SqliteError
from pipeline.sqlite.store import BackupStore, OpenUpload

KEY = "sqlite/test/2026/01/01/20260101T000000Z-ab.gz"
SENT = [{"number": 1, "bytes": 8, "etag": "a"}, {"number": 2, "bytes": 3, "etag": "b"}]
REPORTED = {"compressed_bytes": 11, "compressed_sha256": "right"}


class FakeStore:
    """An S3 with at most one upload and one object."""

    name = "bucket"

    def __init__(
        self, parts: dict[int, int] | None = None, size: int | None = None, sha256: str = "right"
    ) -> None:
        self._parts, self._size, self._sha256 = parts, size, sha256
        self.completed: dict[int, str] = {}
        self.read = 0

    def uploads(self, prefix: str) -> tuple[OpenUpload, ...]:
        """Return one of a longer name, the upload, and one that was made twice as an answer was lost."""
        longer = OpenUpload(prefix + ".longer", "2")
        twice = (OpenUpload(prefix, "0"), OpenUpload(prefix, "1"))
        return (longer,) if self._parts is None else (longer, *twice)

    def parts(self, upload: OpenUpload) -> dict[int, int]:
        """Return the parts of the upload that the task knows; the other one has none."""
        assert upload.key == KEY
        return (self._parts or {}) if upload.id == "1" else {}

    def head(self, key: str) -> ObjectHead | None:
        """Return the object's size."""
        return None if self._size is None else ObjectHead("etag", self._size)

    def complete(self, upload: OpenUpload, etags: dict[int, str]) -> str:
        """Note the request."""
        assert upload.id == "1"
        self.completed = etags
        return "etag"

    def sha256(self, key: str) -> str:
        """Return the object's digest."""
        self.read += 1
        return self._sha256


def as_store(fake: FakeStore) -> BackupStore:
    """Let the fake pass for the real one."""
    return cast("BackupStore", fake)


def test_the_parts_that_the_task_sent_become_the_object() -> None:
    """With the ETags that the task got, which S3 checks again."""
    fake = FakeStore(parts={1: 8, 2: 3})
    assert complete(as_store(fake), KEY, SENT) == "etag"
    assert fake.completed == {1: "a", 2: "b"}


@pytest.mark.parametrize(
    "parts", [{}, {1: 8}, {1: 8, 2: 2}, {1: 8, 2: 3, 3: 1}], ids=["none", "missing", "truncated", "too-many"]
)
def test_other_parts_are_no_backup(parts: dict[int, int]) -> None:
    """Nothing is completed then."""
    fake = FakeStore(parts=parts)
    with pytest.raises(SqliteError, match="parts"):
        complete(as_store(fake), KEY, SENT)
    assert fake.completed == {}


def test_an_upload_completed_before_is_done() -> None:
    """The run was killed after it; without upload and object there is nothing to commit."""
    assert complete(as_store(FakeStore(size=11)), KEY, SENT) == ""
    with pytest.raises(SqliteError, match="neither"):
        complete(as_store(FakeStore()), KEY, SENT)


@pytest.mark.parametrize(
    ("size", "sha256"), [(None, "right"), (10, "right"), (11, "wrong")], ids=["gone", "short", "other"]
)
def test_another_size_or_digest_than_was_sent_is_refused(size: int | None, sha256: str) -> None:
    """Size first, as it costs nothing."""
    with pytest.raises(SqliteError, match="; the task sent "):
        prove(as_store(FakeStore(size=size, sha256=sha256)), KEY, REPORTED, BackupPolicy())


@pytest.mark.parametrize(("read_back", "reads"), [(True, 1), (False, 0)])
def test_reading_back_is_a_matter_of_policy(read_back: bool, reads: int) -> None:
    """It costs a transfer where the pipeline runs outside the region."""
    fake = FakeStore(size=11)
    prove(as_store(fake), KEY, cast("dict[str, Any]", REPORTED), BackupPolicy(read_back=read_back))
    assert fake.read == reads
