"""Makes the home of the Terraform state; safe to repeat."""

from pipeline.aws.access import AwsAccess
from pipeline.aws.identity import identify
from pipeline.state.bucket import Bucket, ensure_bucket, survey_bucket
from pipeline.state.report import BootstrapReport
from pipeline.state.table import Table, ensure_table, survey_table


def survey(access: AwsAccess, bucket: str, table: str) -> BootstrapReport:
    """Look at the same settings without making or mending any; what ``bootstrap`` would do is "missing".

    Raises:
        BucketTakenError: the bucket's name belongs to another account.
        StateError: the table is something else's.
        AwsError: a call failed.
    """
    account = identify(access).account_id
    return BootstrapReport(
        (
            *survey_bucket(Bucket(access.client("s3"), bucket, access.region, account)),
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
            *ensure_bucket(Bucket(access.client("s3"), bucket, access.region, account)),
            *ensure_table(Table(access.client("dynamodb"), table)),
        )
    )
