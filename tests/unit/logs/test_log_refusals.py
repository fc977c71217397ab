"""What S3 refuses while logs are archived."""

import gzip
import hashlib
import io
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, date, datetime
from typing import Any

import pytest
from fake_logs import FakeAws, FakeLogs, FakeS3
from moto import mock_aws
from support.refusals import UNREACHABLE, refusing

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import AwsError
from pipeline.logs.archive import archive_day, verify_day
from pipeline.logs.cloudwatch import RetentionResult
from pipeline.logs.manifest import (
    ArchiveConflictError,
    ArchiveDamagedError,
    ArchiveFrozenError,
    ArchiveLocation,
    DayManifest,
)
from pipeline.logs.store import ArchiveStore

GROUP, DAY = "/ecs/pay", date(2026, 3, 1)
PLACE = ArchiveLocation("archive", "staging")
ACCESS = AwsAccess("af-south-1", access_key_id="log-refusals", secret_access_key="x")


@pytest.fixture
def s3() -> Iterator[Any]:
    """The archive's bucket."""
    with mock_aws():
        client = ACCESS.client("s3")
        client.create_bucket(
            Bucket=PLACE.bucket, CreateBucketConfiguration={"LocationConstraint": "af-south-1"}
        )
        yield client


def test_what_is_not_archived_is_none_what_is_refused_is_an_error(s3: Any) -> None:
    """A day of which nothing is known must not be taken for one that was never archived."""
    store = ArchiveStore(ACCESS, PLACE)
    assert store.manifest(GROUP, DAY) is None
    assert store.part(GROUP, DAY) is None
    with refusing(s3, "GetObject", "AccessDenied"), pytest.raises(AwsError, match=r"Reading .*manifest"):
        store.manifest(GROUP, DAY)
    with refusing(s3, "HeadObject", "AccessDenied"), pytest.raises(AwsError, match="Looking at"):
        store.part(GROUP, DAY)


def test_a_damaged_manifest_is_named(s3: Any) -> None:
    """With the way back."""
    s3.put_object(Bucket=PLACE.bucket, Key=PLACE.manifest(GROUP, DAY), Body=b"{}")
    with pytest.raises(ArchiveDamagedError, match="previous version"):
        ArchiveStore(ACCESS, PLACE).manifest(GROUP, DAY)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("PreconditionFailed", ArchiveConflictError),
        ("InternalError", AwsError),
        (UNREACHABLE, AwsError),
    ],
)
def test_a_day_is_written_only_when_s3_says_so(s3: Any, code: str, expected: type[Exception]) -> None:
    """Another run was faster, or S3 refused, or did not answer: none of it counts as archived."""
    store = ArchiveStore(ACCESS, PLACE)
    with refusing(s3, "PutObject", code), pytest.raises(expected):
        store.write(manifest_of(b"x"), io.BytesIO(b"x"), None)
    assert store.part(GROUP, DAY) is None


def test_a_write_that_boto3_repeated_is_ours(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer to the first was lost, and the second meets its object."""
    put = s3.put_object

    def twice(**request: Any) -> Any:
        put(**request)
        request["Body"].seek(0)
        return put(**request)

    monkeypatch.setattr(s3, "put_object", twice)
    store = ArchiveStore(ACCESS, PLACE)
    store.write(manifest_of(b"events"), io.BytesIO(b"events"), None)
    assert b"".join(store.chunks(PLACE.part(GROUP, DAY))) == b"events"


@pytest.mark.parametrize(("content", "ours"), [(b"events", True), (b"others", False)])
def test_an_equal_archive_of_another_run_is_as_good(s3: Any, content: bytes, ours: bool) -> None:
    """Another one is never overwritten."""
    s3.put_object(Bucket=PLACE.bucket, Key=PLACE.part(GROUP, DAY), Body=content)
    with nullcontext() if ours else pytest.raises(ArchiveConflictError, match="another run"):
        ArchiveStore(ACCESS, PLACE).write(manifest_of(b"events"), io.BytesIO(b"events"), None)
    assert b"".join(ArchiveStore(ACCESS, PLACE).chunks(PLACE.part(GROUP, DAY))) == content


def test_a_day_that_lies_in_glacier_is_not_read_and_not_damaged(s3: Any) -> None:
    """S3 hands it out only once it was restored: that is said, with what to do."""
    manifest = manifest_of(b"events")
    ArchiveStore(ACCESS, PLACE).commit(manifest)
    s3.put_object(Bucket=PLACE.bucket, Key=manifest.part, Body=b"events", StorageClass="GLACIER")
    with pytest.raises(ArchiveFrozenError, match=r"2026-03-01 lies in Glacier.*restore-object"):
        verify_day(ACCESS, PLACE, GROUP, DAY)


def manifest_of(content: bytes) -> DayManifest:
    """Describe a day whose packed events are ``content``."""
    return DayManifest(
        group=GROUP,
        day=DAY,
        part=PLACE.part(GROUP, DAY),
        events=1,
        streams={},
        first_event=None,
        last_event=None,
        raw_bytes=0,
        raw_sha256="",
        compressed_bytes=len(content),
        compressed_sha256=hashlib.sha256(content).hexdigest(),
    )


def test_another_content_is_noticed_by_digest_and_by_count() -> None:
    """Even where the archive can be unpacked, and even where its manifest was altered to match."""
    start = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp()) * 1000
    aws = FakeAws("af-south-1", logs=FakeLogs({"a": [(start, start, "x")]}), s3=FakeS3())
    archive_day(aws, PLACE, GROUP, DAY)
    part, manifest = PLACE.part(GROUP, DAY), PLACE.manifest(GROUP, DAY)
    whole = dict(aws.s3.objects)
    other = gzip.decompress(whole[part]).replace(b'"x"', b'"y"')
    aws.s3.objects[part] = gzip.compress(other)
    with pytest.raises(ArchiveDamagedError, match="SHA-256 differs"):
        verify_day(aws, PLACE, GROUP, DAY)
    aws.s3.objects.update({part: whole[part], manifest: whole[manifest].replace(b'"a": 1', b'"b": 1')})
    assert aws.s3.objects[manifest] != whole[manifest]
    with pytest.raises(ArchiveDamagedError, match="by stream differ"):
        verify_day(aws, PLACE, GROUP, DAY)


def test_a_retention_is_complete_when_nothing_failed() -> None:
    """One group that was refused is enough to say so."""
    assert RetentionResult(("a",), {}).complete
    assert not RetentionResult(("a",), {"b": "no"}).complete
