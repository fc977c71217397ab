"""Which migrations lie between a release and the database, as they were written down in S3."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from moto import mock_aws
from release_samples import START, record

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import AwsError
from pipeline.release.model import ReleaseRecord, SchemaChange
from pipeline.release.rollback import RollbackPath, blocking_changes, describe_changes
from pipeline.release.store import RecordError, SchemaLog

BUCKET = "changes"
FOLDER = "releases/staging/schema/"
ACCESS = AwsAccess("af-south-1", access_key_id="schema-log", secret_access_key="x")
WHY = {"ledger.0002_x": "no way back"}


def change(minute: float, number: int = 2, **changes: Any) -> SchemaChange:
    """Return an irreversible change for release ``r<number>``, so many minutes after START."""
    values: dict[str, Any] = {
        "release": f"r{number}",
        "task_definition": f"arn:task-definition/td:{number}",
        "at": START + timedelta(minutes=minute),
        "migrations": ("ledger.0002_x",),
        "irreversible": WHY,
        "backup": f"{number}.gz",
    }
    return SchemaChange(**(values | changes))


BACK_AGAIN = record(1, kind="rollback", started_at=START + timedelta(minutes=5))
CASES = {
    "nothing was migrated": ([], record(1), []),
    "what may stay": ([change(2, irreversible={})], record(1), []),
    "irreversible, after the release": ([change(2)], record(1), [change(2)]),
    "irreversible, for the release itself": ([change(0.9)], record(1), []),
    "two releases back": ([change(3, 3), change(2)], record(1), [change(3, 3), change(2)]),
    "one release back": ([change(3, 3), change(1.9)], record(2), [change(3, 3)]),
    "of a release that never got into service": ([change(2, 9)], record(1), [change(2, 9)]),
    "it ran well on that schema since": ([change(2)], BACK_AGAIN, []),
    "migrated again after the database was restored": ([change(6), change(2)], BACK_AGAIN, [change(6)]),
}


@pytest.mark.parametrize(("changes", "chosen", "expected"), CASES.values(), ids=CASES)
def test_crossed(changes: list[SchemaChange], chosen: ReleaseRecord, expected: list[SchemaChange]) -> None:
    """What is irreversible and ran since the chosen release was last seen to run well, newest first."""
    assert list(blocking_changes(changes, chosen)) == expected
    assert list(blocking_changes(reversed(changes), chosen)) == expected


def test_people_are_told_migration_reason_and_backup() -> None:
    """Without a backup that is said too."""
    assert describe_changes([change(3, 3), change(2, backup="")]).splitlines() == [
        "- ledger.0002_x, for release r3 on 2025-03-01 12:03 UTC (no way back). Backup before it: 3.gz.",
        "- ledger.0002_x, for release r2 on 2025-03-01 12:02 UTC (no way back). Backup before it: none.",
    ]


FAILED = "arn:aws:ecs:af-south-1:1:task-definition/my_app:7"


def test_the_question_names_what_is_decided_on() -> None:
    """Both releases, the migration and its backup; by hand there is a command to type."""
    way = RollbackPath(FAILED, record(1), (change(2),))
    for words in ("Go back to release r1?", "my_app:7 failed and stays", "ledger.0002_x", "2.gz"):
        assert words in way.question
    assert way.by_hand("staging").endswith(
        "vimbiso rollback staging --release r1 --restore 2.gz --confirm staging"
    )
    two = RollbackPath(FAILED, record(1), (change(3, 3), change(2)))
    assert "--restore 2.gz " in two.by_hand("staging")
    without = RollbackPath(FAILED, record(1), (change(2, backup=""),))
    assert without.by_hand("staging").endswith("vimbiso rollback staging --release r1 --accept-schema")


def test_an_answer_is_for_one_way_only() -> None:
    """The key changes with either release, and holds what Prefect takes as a key."""
    others = (RollbackPath(FAILED, record(2)), RollbackPath(FAILED.replace(":7", ":8"), record(1)))
    key = RollbackPath(FAILED, record(1)).key
    assert key == "rollback-my-app-7-to-td-1"
    assert key not in {other.key for other in others}


@pytest.fixture(scope="module", autouse=True)
def bucket() -> Iterator[None]:
    """A mocked S3 with a bucket for this module."""
    with mock_aws():
        place = {"LocationConstraint": "af-south-1"}
        ACCESS.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=place)
        yield


@pytest.fixture
def log() -> Iterator[SchemaLog]:
    """The log in the empty bucket."""
    yield SchemaLog(ACCESS, BUCKET, "staging")
    s3 = ACCESS.client("s3")
    for item in s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        s3.delete_object(Bucket=BUCKET, Key=item["Key"])


def test_changes_are_found_by_time_and_by_release(log: SchemaLog) -> None:
    """Newest first; a moment leaves out what was written at it."""
    for item in (change(2), change(12, 12), change(3, 2)):
        log.write(item)
    assert log.since(START) == [change(12, 12), change(3, 2), change(2)]
    assert log.since(START + timedelta(minutes=3)) == [change(12, 12)]
    assert log.of("arn:task-definition/td:2") == [change(3, 2), change(2)]
    assert log.of("arn:task-definition/td:1") == []
    assert SchemaLog(ACCESS, BUCKET, "production").since(START) == []


def test_a_corrected_change_takes_the_place_of_the_first_note(log: SchemaLog) -> None:
    """Of migrations that failed only those that ran remain."""
    assert log.write(change(2)) == f"{FOLDER}20250301T120200.000000Z-td-2.json"
    log.write(change(2, migrations=(), irreversible={}))
    assert log.since(START) == [change(2, migrations=(), irreversible={})]


def test_a_damaged_change_is_an_error(log: SchemaLog) -> None:
    """It is not passed over: a rollback depends on it."""
    ACCESS.client("s3").put_object(Bucket=BUCKET, Key=f"{FOLDER}9Z-td-2.json", Body=b"{")
    with pytest.raises(RecordError, match=f"s3://{BUCKET}/{FOLDER}9Z-td-2.json is damaged"):
        log.since(START)


def test_a_missing_bucket_is_named() -> None:
    """Refusals of S3 say what was tried."""
    missing = SchemaLog(ACCESS, "missing", "staging")
    with pytest.raises(AwsError, match=r"NoSuchBucket.*Writing s3://missing/.*/schema/"):
        missing.write(change(2))
    with pytest.raises(AwsError, match=r"NoSuchBucket.*Listing s3://missing/.*/schema/"):
        missing.since(START)


def test_a_record_of_an_older_pipeline_reads_as_without_migrations() -> None:
    """Records are never rewritten, so what they lack has a meaning."""
    old = record(1).model_dump(exclude={"irreversible", "migrations", "backup"}, mode="json")
    assert ReleaseRecord.model_validate(old) == record(1)
    assert not record(1).irreversible
