"""The settings that protect the state bucket: looked at, and repaired."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from botocore.exceptions import ClientError

from pipeline.aws.errors import code_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import PublicAccessBlockConfigurationTypeDef, ServerSideEncryptionRuleTypeDef


SID = "DenyInsecureTransport"


def requires_tls(policy: str | None) -> bool:
    """Tell whether the policy has a statement that denies everyone plain HTTP for every action."""
    return any(_denies_http(statement) for statement in _statements(policy))


def with_tls(policy: str | None, bucket: str, partition: str = "aws") -> str:
    """Return the policy with the TLS-only statement added; every other statement is kept."""
    kept = [statement for statement in _statements(policy) if statement.get("Sid") != SID]
    resource = f"arn:{partition}:s3:::{bucket}"
    statement = {
        "Sid": SID,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [resource, f"{resource}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [*kept, statement]})


def _statements(policy: str | None) -> list[dict[str, Any]]:
    if not policy:
        return []
    found = json.loads(policy).get("Statement", [])
    return [found] if isinstance(found, dict) else list(found)


def _denies_http(statement: dict[str, Any]) -> bool:
    conditions = statement.get("Condition", {})
    secure = conditions.get("Bool", {}).get("aws:SecureTransport")
    return (
        statement.get("Effect") == "Deny"
        and statement.get("Principal") in ("*", {"AWS": "*"})
        and statement.get("Action") in ("s3:*", "*", ["s3:*"], ["*"])
        and str(secure).lower() in {"false", "['false']"}
        and len(conditions) == 1
    )


Done = Literal["kept", "created", "repaired", "missing"]


@dataclass(frozen=True)
class Setting:
    """One setting of the state's bucket or table."""

    subject: str
    """Name of the bucket or table."""
    setting: str
    found: str
    """What there was before, in words."""
    done: Done


@dataclass(frozen=True)
class BootstrapReport:
    """All settings, in the order in which they were looked at."""

    settings: tuple[Setting, ...]

    @property
    def changed(self) -> bool:
        """Whether anything was created or repaired."""
        return any(setting.done in {"created", "repaired"} for setting in self.settings)


_BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")

Look = Callable[["S3Client", str], tuple[str, bool]]
Repair = Callable[["S3Client", str], None]


@dataclass(frozen=True)
class ProtectionSetting:
    """One setting: how to look at it (what was found, whether it is right), and how to set it right."""

    name: str
    look: Look
    repair: Repair


def _versioning(s3: "S3Client", bucket: str) -> tuple[str, bool]:
    found = str(s3.get_bucket_versioning(Bucket=bucket).get("Status", "off"))
    return found, found == "Enabled"


def _enable_versioning(s3: "S3Client", bucket: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})


def _encryption(s3: "S3Client", bucket: str) -> tuple[str, bool]:
    # Any encryption is right: a KMS key of one's own is stronger than what we would set.
    answer = _unless(
        "ServerSideEncryptionConfigurationNotFoundError", lambda: s3.get_bucket_encryption(Bucket=bucket)
    )
    rules = answer.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
    names = [rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] for rule in rules]
    return ", ".join(names) or "none", bool(names)


def _encrypt(s3: "S3Client", bucket: str) -> None:
    rule: ServerSideEncryptionRuleTypeDef = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})


def _public_access(s3: "S3Client", bucket: str) -> tuple[str, bool]:
    answer = _unless(
        "NoSuchPublicAccessBlockConfiguration", lambda: s3.get_public_access_block(Bucket=bucket)
    )
    blocks = answer.get("PublicAccessBlockConfiguration", {})
    on = sum(bool(blocks.get(name)) for name in _BLOCKS)
    return f"{on} of {len(_BLOCKS)} blocks", on == len(_BLOCKS)


def _block_public_access(s3: "S3Client", bucket: str) -> None:
    blocks = cast("PublicAccessBlockConfigurationTypeDef", dict.fromkeys(_BLOCKS, True))
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=blocks)


def _tls(s3: "S3Client", bucket: str) -> tuple[str, bool]:
    right = requires_tls(_policy(s3, bucket))
    return "required" if right else "not required", right


def _require_tls(s3: "S3Client", bucket: str) -> None:
    s3.put_bucket_policy(Bucket=bucket, Policy=with_tls(_policy(s3, bucket), bucket, s3.meta.partition))


def _policy(s3: "S3Client", bucket: str) -> str | None:
    return _unless("NoSuchBucketPolicy", lambda: s3.get_bucket_policy(Bucket=bucket)).get("Policy")


def _unless(absent: str, call: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    try:
        return call()
    except ClientError as error:
        if code_of(error) == absent:
            return {}
        raise


PROTECTIONS = (
    ProtectionSetting("versioning", _versioning, _enable_versioning),
    ProtectionSetting("encryption", _encryption, _encrypt),
    ProtectionSetting("public access block", _public_access, _block_public_access),
    ProtectionSetting("TLS only", _tls, _require_tls),
)
