"""Documents in S3: what is absent, what is written once, and what boto3 may repeat."""

from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws
from support.refusals import UNREACHABLE, refusing

from pipeline.aws.access import AwsAccess
from pipeline.aws.bucket import ConflictError, S3Bucket
from pipeline.aws.errors import AwsError

ACCESS = AwsAccess("af-south-1", access_key_id="bucket-tests", secret_access_key="x")
PLACE = {"LocationConstraint": "af-south-1"}


@pytest.fixture
def bucket() -> Iterator[S3Bucket]:
    """An empty bucket that keeps versions."""
    with mock_aws():
        s3 = ACCESS.client("s3")
        s3.create_bucket(Bucket="documents", CreateBucketConfiguration=PLACE)
        s3.put_bucket_versioning(Bucket="documents", VersioningConfiguration={"Status": "Enabled"})
        yield S3Bucket(ACCESS, "documents")


def body_of(bucket: S3Bucket, key: str) -> bytes | None:
    """Return what lies under a key."""
    found = bucket.read(key)
    return None if found is None else found.body


@pytest.fixture
def answers_lost(bucket: S3Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each PutObject be sent twice, as boto3 does when the answer to the first is lost."""
    put = bucket.client.put_object

    def twice(**request: Any) -> Any:
        put(**request)
        return put(**request)

    monkeypatch.setattr(bucket.client, "put_object", twice)


def test_a_document_comes_back_as_it_was_written(bucket: S3Bucket) -> None:
    """With its version, its time and what was noted beside it; one that is not there is None."""
    assert bucket.read("a/1") is None
    version = bucket.write("a/1", b"{}", {"who": "ada"})
    found = bucket.read("a/1")
    assert found is not None
    assert (found.body, found.version_id, found.metadata) == (b"{}", version, {"who": "ada"})
    bucket.write("a/1", b"[]")
    assert bucket.read("a/1", version) == found
    assert bucket.read("a/1", "null") == bucket.read("a/1")


def test_the_type_of_content_and_the_encryption_are_the_store_s(bucket: S3Bucket) -> None:
    """What is no JSON must not say so; where none is asked for the bucket's own key encrypts."""
    bucket.write("json", b"{}")
    S3Bucket(ACCESS, "documents", "application/gzip", "AES256").write("gzip", b"x")
    found = {key: bucket.client.head_object(Bucket="documents", Key=key) for key in ("json", "gzip")}
    assert [item["ContentType"] for item in found.values()] == ["application/json", "application/gzip"]
    assert found["gzip"]["ServerSideEncryption"] == "AES256"


def test_a_document_is_written_once(bucket: S3Bucket) -> None:
    """Another one under its key is refused and changes nothing."""
    bucket.write_once("a", b"1")
    with pytest.raises(ConflictError, match="s3://documents/a was written by somebody else") as caught:
        bucket.write_once("a", b"2")
    assert caught.value.found == bucket.read("a")
    assert body_of(bucket, "a") == b"1"


def test_only_what_was_read_is_replaced(bucket: S3Bucket) -> None:
    """Who wrote in between keeps what he wrote, also where he removed it."""
    bucket.replace("a", b"1", None)
    first = bucket.read("a")
    bucket.replace("a", b"2", first)
    for stale in (first, None):
        with pytest.raises(ConflictError):
            bucket.replace("a", b"3", stale)
    assert body_of(bucket, "a") == b"2"
    bucket.delete("a")
    with pytest.raises(ConflictError) as caught:
        bucket.replace("a", b"3", first)
    assert caught.value.found is None


@pytest.mark.usefixtures("answers_lost")
def test_a_write_that_boto3_repeated_is_ours(bucket: S3Bucket) -> None:
    """The second request meets the first one's object; nobody else was there."""
    version = bucket.write_once("once", b"1")
    stored = bucket.read("once")
    assert stored is not None
    assert stored.version_id == version
    assert bucket.replace("once", b"2", stored) != version
    assert body_of(bucket, "once") == b"2"


@pytest.mark.parametrize("code", ["PreconditionFailed", "ConditionalRequestConflict"])
def test_a_lost_race_without_a_winner_is_no_success(bucket: S3Bucket, code: str) -> None:
    """S3 answers a conflict while another write is under way: nothing of ours is there."""
    with refusing(bucket.client, "PutObject", code), pytest.raises(ConflictError) as caught:
        bucket.write_once("a", b"1")
    assert caught.value.found is None


def test_a_conflict_with_a_write_under_way_is_tried_again(bucket: S3Bucket) -> None:
    """S3 asks for that: it may be our own request, whose answer was lost and which is not through yet."""
    with refusing(bucket.client, "PutObject", "ConditionalRequestConflict", times=2):
        bucket.write_once("a", b"1")
    assert body_of(bucket, "a") == b"1"


@pytest.mark.parametrize("code", ["AccessDenied", UNREACHABLE])
def test_a_refusal_is_neither_absence_nor_a_conflict(bucket: S3Bucket, code: str) -> None:
    """Each is AWS's error, with what was tried."""
    for operation, call, told in (
        ("GetObject", lambda: bucket.read("a"), "Reading s3://documents/a"),
        ("HeadObject", lambda: bucket.head("a"), "Looking at s3://documents/a"),
        ("PutObject", lambda: bucket.write_once("a", b""), "Writing s3://documents/a"),
        ("ListObjectsV2", lambda: bucket.keys("a"), "Listing s3://documents/a"),
        ("DeleteObject", lambda: bucket.delete("a"), "Removing s3://documents/a"),
    ):
        with refusing(bucket.client, operation, code), pytest.raises(AwsError, match=told):
            call()
    assert bucket.head("a") is None


def test_a_missing_bucket_is_not_an_absent_document(bucket: S3Bucket) -> None:
    """Nobody may conclude that nothing was ever written."""
    missing = S3Bucket(ACCESS, "missing")
    with pytest.raises(AwsError) as caught:
        missing.read("a")
    assert caught.value.code == "NoSuchBucket"


def test_keys_are_listed_in_order_and_removed(bucket: S3Bucket) -> None:
    """Over all pages; removing what is not there is fine."""
    for key in ("b/2", "b/1", "c"):
        bucket.write(key, b"x" * 5)
    assert list(bucket.keys("b/")) == ["b/1", "b/2"]
    head = bucket.head("c")
    assert head is not None
    assert head.size == 5
    assert b"".join(bucket.chunks("c", 2)) == b"x" * 5
    for _ in range(2):
        bucket.delete("b/1")
    assert list(bucket.keys("")) == ["b/2", "c"]
