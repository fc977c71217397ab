"""The state bucket: made, adopted and repaired, never weakened."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from pipeline.state.calls import asking, code_of
from pipeline.state.errors import BucketTakenError
from pipeline.state.policy import requires_tls, with_tls
from pipeline.state.report import Done, Setting

_BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_US_EAST_1 = "us-east-1"


@dataclass(frozen=True)
class Bucket:
    """A bucket and the client to reach it."""

    client: Any
    name: str
    region: str
    account_id: str


def ensure_bucket(bucket: Bucket) -> tuple[Setting, ...]:
    """Make the bucket or adopt it, and repair what is missing.

    Raises:
        BucketTakenError: the name belongs to another account.
        AwsError: a call failed.
    """
    made = _ensure_exists(bucket)
    steps: tuple[tuple[str, Callable[[Bucket], tuple[str, bool]]], ...] = (
        ("versioning", _versioning),
        ("encryption", _encryption),
        ("public access block", _public_access),
        ("TLS only", _tls_only),
    )
    settings = [
        Setting(bucket.name, "bucket", "absent" if made else "present", "created" if made else "kept")
    ]
    for name, step in steps:
        with asking(f"Checking {name} of the state bucket {bucket.name}"):
            found, right = step(bucket)
        done: Done = "kept" if right else "created" if made else "repaired"
        settings.append(Setting(bucket.name, name, found, done))
    return tuple(settings)


def _ensure_exists(bucket: Bucket) -> bool:
    with asking(f"Looking for the state bucket {bucket.name}"):
        if _is_ours(bucket):
            return False
    where = {} if bucket.region == _US_EAST_1 else {"LocationConstraint": bucket.region}
    configuration = {"CreateBucketConfiguration": where} if where else {}
    with asking(f"Creating the state bucket {bucket.name}"):
        try:
            bucket.client.create_bucket(Bucket=bucket.name, **configuration)
        except ClientError as error:
            if code_of(error) == "BucketAlreadyOwnedByYou":  # another run was faster
                return False
            if code_of(error) == "BucketAlreadyExists":
                raise BucketTakenError(bucket.name) from error
            raise
        bucket.client.get_waiter("bucket_exists").wait(Bucket=bucket.name)
    return True


def _is_ours(bucket: Bucket) -> bool:
    try:
        bucket.client.head_bucket(Bucket=bucket.name, ExpectedBucketOwner=bucket.account_id)
    except ClientError as error:
        if code_of(error) in {"403", "AccessDenied", "301", "PermanentRedirect"}:
            raise BucketTakenError(bucket.name) from error
        if code_of(error) in {"404", "NoSuchBucket", "NotFound"}:
            return False
        raise
    return True


def _versioning(bucket: Bucket) -> tuple[str, bool]:
    found = bucket.client.get_bucket_versioning(Bucket=bucket.name).get("Status", "off")
    if found != "Enabled":
        bucket.client.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
    return str(found), found == "Enabled"


def _encryption(bucket: Bucket) -> tuple[str, bool]:
    """Any encryption is kept: KMS with a key of one's own is stronger than what we would set."""
    answer = _optional(
        lambda: bucket.client.get_bucket_encryption(Bucket=bucket.name),
        "ServerSideEncryptionConfigurationNotFoundError",
    )
    if answer:
        rule = answer["ServerSideEncryptionConfiguration"]["Rules"][0]
        return str(rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"]), True
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    bucket.client.put_bucket_encryption(
        Bucket=bucket.name, ServerSideEncryptionConfiguration={"Rules": [rule]}
    )
    return "none", False


def _public_access(bucket: Bucket) -> tuple[str, bool]:
    answer = _optional(
        lambda: bucket.client.get_public_access_block(Bucket=bucket.name),
        "NoSuchPublicAccessBlockConfiguration",
    )
    blocks = (answer or {}).get("PublicAccessBlockConfiguration", {})
    on = [name for name in _BLOCKS if blocks.get(name)]
    if len(on) < len(_BLOCKS):
        bucket.client.put_public_access_block(
            Bucket=bucket.name, PublicAccessBlockConfiguration=dict.fromkeys(_BLOCKS, True)
        )
    return f"{len(on)} of {len(_BLOCKS)} blocks", len(on) == len(_BLOCKS)


def _tls_only(bucket: Bucket) -> tuple[str, bool]:
    answer = _optional(lambda: bucket.client.get_bucket_policy(Bucket=bucket.name), "NoSuchBucketPolicy")
    policy = str(answer["Policy"]) if answer else None
    if requires_tls(policy):
        return "required", True
    bucket.client.put_bucket_policy(
        Bucket=bucket.name, Policy=with_tls(policy, bucket.name, _partition(bucket))
    )
    return "not required", False


def _partition(bucket: Bucket) -> str:
    return str(bucket.client.meta.partition)


def _optional(call: Callable[[], dict[str, Any]], absent: str) -> dict[str, Any] | None:
    try:
        return call()
    except ClientError as error:
        if code_of(error) == absent:
            return None
        raise
