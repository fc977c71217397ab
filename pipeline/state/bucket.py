"""The state bucket: made, adopted and repaired, never weakened."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from botocore.exceptions import ClientError

from pipeline.aws.access import AwsAccess, identify
from pipeline.aws.errors import calling, code_of
from pipeline.state.model import BucketTakenError
from pipeline.state.protection import PROTECTIONS, BootstrapReport, ProtectionSetting, Setting
from pipeline.state.table import Table, ensure_table, survey_table

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.literals import BucketLocationConstraintType
    from mypy_boto3_s3.type_defs import CreateBucketRequestTypeDef

_US_EAST_1 = "us-east-1"
"""The one region that CreateBucket wants left out."""


@dataclass(frozen=True)
class StateBucket:
    """A bucket, whose it must be, and the client to reach it."""

    client: "S3Client"
    name: str
    region: str
    account_id: str


def ensure_bucket(bucket: StateBucket) -> tuple[Setting, ...]:
    """Make the bucket or adopt it, and repair what is missing.

    Raises:
        BucketTakenError: the name belongs to another account.
        AwsError: a call failed.
    """
    made = _ensure_exists(bucket)
    first = Setting(bucket.name, "bucket", "absent" if made else "present", "created" if made else "kept")
    return (first, *(_ensure(bucket, protection, made=made) for protection in PROTECTIONS))


def check_bucket(bucket: StateBucket) -> tuple[Setting, ...]:
    """Look at the same settings without repairing any; what is wrong is "missing"."""
    settings = []
    for protection in PROTECTIONS:
        with calling(f"Checking {protection.name} of the state bucket {bucket.name}"):
            found, right = protection.look(bucket.client, bucket.name)
        settings.append(Setting(bucket.name, protection.name, found, "kept" if right else "missing"))
    return tuple(settings)


def survey_bucket(bucket: StateBucket) -> tuple[Setting, ...]:
    """Look at the bucket and its settings, if it is there at all.

    Raises:
        BucketTakenError: the name belongs to another account.
        AwsError: a call failed.
    """
    with calling(f"Looking for the state bucket {bucket.name}"):
        present = _is_ours(bucket)
    if not present:
        return (Setting(bucket.name, "bucket", "absent", "missing"),)
    return (Setting(bucket.name, "bucket", "present", "kept"), *check_bucket(bucket))


def _ensure(bucket: StateBucket, protection: ProtectionSetting, *, made: bool) -> Setting:
    with calling(f"Setting {protection.name} of the state bucket {bucket.name}"):
        found, right = protection.look(bucket.client, bucket.name)
        if right:
            return Setting(bucket.name, protection.name, found, "kept")
        protection.repair(bucket.client, bucket.name)
    return Setting(bucket.name, protection.name, found, "created" if made else "repaired")


def _ensure_exists(bucket: StateBucket) -> bool:
    with calling(f"Looking for the state bucket {bucket.name}"):
        if _is_ours(bucket):
            return False
    with calling(f"Creating the state bucket {bucket.name}"):
        return _create(bucket)


def _create(bucket: StateBucket) -> bool:
    request: CreateBucketRequestTypeDef = {"Bucket": bucket.name}
    if bucket.region != _US_EAST_1:
        region = cast("BucketLocationConstraintType", bucket.region)
        request["CreateBucketConfiguration"] = {"LocationConstraint": region}
    try:
        bucket.client.create_bucket(**request)
    except ClientError as error:
        if code_of(error) == "BucketAlreadyOwnedByYou":  # another run was faster
            return False
        if code_of(error) == "BucketAlreadyExists":
            raise BucketTakenError(bucket.name) from error
        raise
    bucket.client.get_waiter("bucket_exists").wait(Bucket=bucket.name)
    return True


def _is_ours(bucket: StateBucket) -> bool:
    try:
        bucket.client.head_bucket(Bucket=bucket.name, ExpectedBucketOwner=bucket.account_id)
    except ClientError as error:
        if code_of(error) in {"403", "AccessDenied", "301", "PermanentRedirect"}:
            raise BucketTakenError(bucket.name) from error
        if code_of(error) in {"404", "NoSuchBucket", "NotFound"}:
            return False
        raise
    return True


def survey(access: AwsAccess, bucket: str, table: str) -> BootstrapReport:
    """Look at the same settings without making or fixing any; what ``bootstrap`` would do is "missing".

    Raises:
        BucketTakenError: the bucket's name belongs to another account.
        StateError: the table is something else's.
        AwsError: a call failed.
    """
    account = identify(access).account_id
    return BootstrapReport(
        (
            *survey_bucket(StateBucket(access.client("s3"), bucket, access.region, account)),
            *survey_table(Table(access.client("dynamodb"), table)),
        )
    )


def bootstrap(access: AwsAccess, bucket: str, table: str) -> BootstrapReport:
    """Make the state bucket and the lock table, or adopt them and repair what is missing.

    The bucket is versioned, encrypted, closed to the public and answers only TLS; the table has point-in-time
    recovery and deletion protection. Nothing that is stronger already is weakened.

    Raises:
        BucketTakenError: the bucket's name belongs to another account.
        StateError: the table is something else's.
        AwsError: a call failed.
    """
    account = identify(access).account_id
    return BootstrapReport(
        (
            *ensure_bucket(StateBucket(access.client("s3"), bucket, access.region, account)),
            *ensure_table(Table(access.client("dynamodb"), table)),
        )
    )
