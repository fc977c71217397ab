"""Bucket and lock table: looked at, made beside others, refused."""

import pytest
from support.refusals import refusing

from pipeline.aws.errors import AwsError
from pipeline.state.backend import StateBackend
from pipeline.state.bucket import bootstrap
from pipeline.state.model import BucketTakenError, StateError
from pipeline.state.protection import BootstrapReport


def looked_at(home: StateBackend) -> BootstrapReport:
    """Look at both."""
    return bootstrap(home.access, home.backend.bucket, home.backend.lock_table, dry_run=True)


def made(home: StateBackend) -> BootstrapReport:
    """Make or fix both."""
    return bootstrap(home.access, home.backend.bucket, home.backend.lock_table)


def by_name(report: BootstrapReport) -> dict[tuple[str, str], str]:
    """Return what was done, by thing and setting."""
    return {(item.subject.partition("-")[0], item.setting): item.done for item in report.settings}


def test_what_is_absent_is_missing_and_stays_absent(empty_home: StateBackend) -> None:
    """Looking makes nothing."""
    first = by_name(looked_at(empty_home))
    assert first == {("bucket", "bucket"): "missing", ("table", "table"): "missing"}
    assert by_name(looked_at(empty_home)) == first


def test_what_was_made_is_found_whole(empty_home: StateBackend) -> None:
    """Every setting that bootstrap makes is one that the survey finds."""
    made(empty_home)
    found = by_name(looked_at(empty_home))
    assert set(found.values()) == {"kept"}
    assert ("table", "point-in-time recovery") in found


def test_a_setting_that_was_taken_away_is_missing_then_repaired(home: StateBackend) -> None:
    """The survey names it, bootstrap fixes it."""
    home.access.client("dynamodb").update_table(
        TableName=home.backend.lock_table, DeletionProtectionEnabled=False
    )
    assert by_name(looked_at(home))["table", "deletion protection"] == "missing"
    assert by_name(made(home))["table", "deletion protection"] == "repaired"
    assert by_name(looked_at(home))["table", "deletion protection"] == "kept"


def test_a_bucket_without_encryption_gets_it(home: StateBackend) -> None:
    """Buckets from before 2023 may have none (S3 user guide, default encryption)."""
    s3, absent = home.access.client("s3"), "ServerSideEncryptionConfigurationNotFoundError"
    with refusing(s3, "GetBucketEncryption", absent):
        assert by_name(looked_at(home))["bucket", "encryption"] == "missing"
        assert by_name(made(home))["bucket", "encryption"] == "repaired"
    rules = s3.get_bucket_encryption(Bucket=home.backend.bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"


def test_a_bucket_that_another_run_made_first_is_adopted(home: StateBackend) -> None:
    """S3 says that it is ours already."""
    s3 = home.access.client("s3")
    with refusing(s3, "HeadBucket", "404"), refusing(s3, "CreateBucket", "BucketAlreadyOwnedByYou"):
        assert by_name(made(home))["bucket", "bucket"] == "kept"


def test_a_bucket_that_somebody_else_made_first_is_not(empty_home: StateBackend) -> None:
    """Names are global."""
    with (
        refusing(empty_home.access.client("s3"), "CreateBucket", "BucketAlreadyExists"),
        pytest.raises(BucketTakenError),
    ):
        made(empty_home)


def test_a_table_that_another_run_made_first_is_adopted(home: StateBackend) -> None:
    """DynamoDB says that it is in use."""
    dynamodb = home.access.client("dynamodb")
    with (
        refusing(dynamodb, "DescribeTable", "ResourceNotFoundException", times=1),
        refusing(dynamodb, "CreateTable", "ResourceInUseException"),
    ):
        assert by_name(made(home))["table", "table"] == "kept"


@pytest.mark.parametrize("ask", [looked_at, made])
def test_a_table_with_another_key_is_somebody_elses(empty_home: StateBackend, ask: object) -> None:
    """Terraform's locks would not work in it, and its items are not ours."""
    empty_home.access.client("dynamodb").create_table(
        TableName=empty_home.backend.lock_table,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    with pytest.raises(StateError, match="something else's"):
        ask(empty_home)  # type: ignore[operator]


REFUSED = [
    (looked_at, "s3", "HeadBucket"),
    (looked_at, "s3", "GetBucketPolicy"),
    (looked_at, "dynamodb", "DescribeTable"),
    (made, "s3", "CreateBucket"),
    (made, "dynamodb", "DescribeTable"),
    (made, "dynamodb", "CreateTable"),
]


@pytest.mark.parametrize(("ask", "service", "operation"), REFUSED)
def test_a_refusal_is_never_taken_for_absence(
    empty_home: StateBackend, ask: object, service: str, operation: str
) -> None:
    """Only "not found" means that there is nothing; the error names bucket or table."""
    if operation == "GetBucketPolicy":
        made(empty_home)
    with (
        refusing(empty_home.access.client(service), operation, "InternalServerError"),
        pytest.raises(AwsError, match=r"InternalServerError.*(bucket|table)-\d+"),
    ):
        ask(empty_home)  # type: ignore[operator]
