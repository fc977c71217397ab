"""Making, adopting and repairing the state's home, and looking after it."""

import json
from typing import Any

import pytest
from terraform_support import REGION

from pipeline.aws.access import AwsAccess
from pipeline.retention import RetentionPolicy
from pipeline.state.backend import StateBackend, read_head
from pipeline.state.backup import backup_state
from pipeline.state.bucket import bootstrap
from pipeline.state.model import StateError
from pipeline.terraform.backend import BackendConfig

ARCHIVE: Any = {
    "ID": "archive",
    "Filter": {"Prefix": "records/"},
    "Status": "Enabled",
    "NoncurrentVersionExpiration": {"NoncurrentDays": 900},
}
STATE = b'{"version": 4, "serial": 7, "lineage": "abc", "resources": []}'


def test_a_new_backend_is_made_and_a_second_call_changes_nothing(access: AwsAccess) -> None:
    """Everything is created once; again, everything is kept."""
    first = bootstrap(access, "fresh-state", "fresh-lock")
    assert first.changed
    assert not bootstrap(access, "fresh-state", "fresh-lock").changed
    assert {setting.setting for setting in first.settings} == {
        "bucket",
        "versioning",
        "encryption",
        "public access block",
        "TLS only",
        "end of kept plans",
        "end of old versions",
        "table",
        "point-in-time recovery",
        "deletion protection",
    }


def test_an_existing_backend_is_adopted_and_repaired(access: AwsAccess) -> None:
    """A bare bucket and table get what they lack; a policy statement of their own stays."""
    s3, dynamodb = access.client("s3"), access.client("dynamodb")
    s3.create_bucket(Bucket="old-state", CreateBucketConfiguration={"LocationConstraint": REGION})
    own = {"Sid": "Own", "Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket"}
    statement = {**own, "Resource": "arn:aws:s3:::old-state"}
    s3.put_bucket_policy(
        Bucket="old-state", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    make_table(access, "old-lock", "LockID")
    s3.put_bucket_lifecycle_configuration(Bucket="old-state", LifecycleConfiguration={"Rules": [ARCHIVE]})
    report = bootstrap(access, "old-state", "old-lock")
    repaired = {setting.setting for setting in report.settings if setting.done == "repaired"}
    assert repaired == {
        "versioning",
        "public access block",
        "TLS only",
        "end of kept plans",
        "end of old versions",
        "point-in-time recovery",
        "deletion protection",
    }
    adopted = s3.get_bucket_policy(Bucket="old-state")["Policy"]
    assert '"Own"' in adopted
    assert '"DenyInsecureTransport"' in adopted
    rules = s3.get_bucket_lifecycle_configuration(Bucket="old-state")["Rules"]
    ends = {rule["ID"]: rule["NoncurrentVersionExpiration"]["NoncurrentDays"] for rule in rules}
    assert ends == {"archive": 900, "end-of-plans": 1, "end-of-waiting": 1, "end-of-old-versions": 90}
    assert dynamodb.describe_table(TableName="old-lock")["Table"]["DeletionProtectionEnabled"]


def test_a_table_with_another_key_is_refused(access: AwsAccess) -> None:
    """Something else's table is left alone."""
    make_table(access, "foreign-table", "Id")
    with pytest.raises(StateError, match="needs the one key LockID"):
        bootstrap(access, "fresh-state", "foreign-table")


def test_a_backup_is_a_verified_copy_and_old_ones_go(home: StateBackend) -> None:
    """The copy is the state, byte for byte; what the rule does not keep is removed."""
    home.write(home.backend.key, STATE)
    old = f"backups/{home.environment}/20200101T000000.000000Z-00000001.tfstate"
    home.write_once(old, STATE)
    report = backup_state(home, RetentionPolicy(newest=1, days=0, weeks=0, months=0, years=0))
    assert report.backup is not None
    assert report.backup.head.serial == 7
    copy = home.read(report.backup.key)
    assert copy is not None
    assert copy.body == STATE
    assert report.removed == (old,)
    assert report.missing == ()


def test_protection_that_was_switched_off_is_reported(access: AwsAccess) -> None:
    """Backing up tells when versioning or point-in-time recovery is off, and repairs nothing by itself."""
    bootstrap(access, "loose-state", "loose-lock")
    access.client("s3").put_bucket_versioning(
        Bucket="loose-state", VersioningConfiguration={"Status": "Suspended"}
    )
    access.client("dynamodb").update_continuous_backups(
        TableName="loose-lock", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False}
    )
    backend = BackendConfig("loose-state", "k", REGION, "loose-lock", use_path_style=True)
    home = StateBackend(access, backend, "loose")
    missing = {setting.setting: setting.found for setting in backup_state(home, RetentionPolicy()).missing}
    assert missing == {"versioning": "Suspended", "point-in-time recovery": "off"}
    assert read_head(home) is None


def make_table(access: AwsAccess, name: str, key: str) -> None:
    """Make a table with one string key."""
    access.client("dynamodb").create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
        KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
