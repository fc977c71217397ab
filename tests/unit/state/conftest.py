"""A home for states in moto."""

import itertools
from collections.abc import Iterator

import pytest
from moto import mock_aws

from pipeline.aws.access import AwsAccess
from pipeline.state.backend import StateBackend
from pipeline.state.bucket import settle
from pipeline.state.table import LockTable
from pipeline.terraform.backend import BackendConfig

REGION = "af-south-1"
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def aws() -> Iterator[AwsAccess]:
    """AWS without a network."""
    with mock_aws():
        yield AwsAccess(REGION, access_key_id="state-tests", secret_access_key="x")


@pytest.fixture
def empty_home(aws: AwsAccess) -> StateBackend:
    """Names of a bucket and a table that are not there."""
    number = next(_numbers)
    backend = BackendConfig(f"bucket-{number}", "staging/terraform.tfstate", REGION, f"table-{number}")
    return StateBackend(aws, backend, "staging")


@pytest.fixture
def home(empty_home: StateBackend) -> StateBackend:
    """Bucket and table are there; no state yet."""
    backend, s3 = empty_home.backend, empty_home.access.client("s3")
    s3.create_bucket(Bucket=backend.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=backend.bucket, VersioningConfiguration={"Status": "Enabled"})
    list(settle(LockTable(empty_home.access.client("dynamodb"), backend.lock_table), repair=True))
    return empty_home
