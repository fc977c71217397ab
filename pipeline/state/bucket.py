"""The bucket of Terraform's state, and its making together with the lock table's."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast

from botocore.exceptions import ClientError

from pipeline.aws.access import AwsAccess, identify
from pipeline.aws.errors import calling, code_of
from pipeline.state.model import BucketTakenError
from pipeline.state.protection import (
    BootstrapReport,
    Done,
    ProtectionSetting,
    Setting,
    requires_tls,
    with_tls,
)
from pipeline.state.table import LockTable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.literals import BucketLocationConstraintType
    from mypy_boto3_s3.type_defs import (
        CreateBucketRequestTypeDef,
        LifecycleRuleTypeDef,
        PublicAccessBlockConfigurationTypeDef,
        ServerSideEncryptionRuleTypeDef,
    )

_US_EAST_1 = "us-east-1"
"""The one region that CreateBucket wants left out."""
_WAITING = {"end-of-plans": "plans/", "end-of-waiting": "waiting/"}
"""Rules, by name, that end what waits for an approval, in all its versions, a day after its making."""
_OLD = "end-of-old-versions"
"""Rule that ends every version 90 days after it was replaced or removed: copies are there for longer."""
_OLD_DAYS = 90
_BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


@dataclass(frozen=True)
class StateBucket:
    """A bucket, whose it must be, and the client to reach it."""

    client: "S3Client"
    name: str
    region: str
    account_id: str
    kind: ClassVar[str] = "bucket"

    def exists(self) -> bool:
        """Whether it is there.

        Raises:
            BucketTakenError: the name belongs to another account.
        """
        try:
            self.client.head_bucket(Bucket=self.name, ExpectedBucketOwner=self.account_id)
        except ClientError as error:
            if code_of(error) in {"403", "AccessDenied", "301", "PermanentRedirect"}:
                raise BucketTakenError(self.name) from error
            if code_of(error) in {"404", "NoSuchBucket", "NotFound"}:
                return False
            raise
        return True

    def create(self) -> bool:
        """Create it and wait until it can be used.

        Raises:
            BucketTakenError: the name belongs to another account.
        """
        request: CreateBucketRequestTypeDef = {"Bucket": self.name}
        if self.region != _US_EAST_1:
            region = cast("BucketLocationConstraintType", self.region)
            request["CreateBucketConfiguration"] = {"LocationConstraint": region}
        try:
            self.client.create_bucket(**request)
        except ClientError as error:
            if code_of(error) == "BucketAlreadyOwnedByYou":  # another run was faster
                return False
            if code_of(error) == "BucketAlreadyExists":
                raise BucketTakenError(self.name) from error
            raise
        self.client.get_waiter("bucket_exists").wait(Bucket=self.name)
        return True

    def protections(self) -> tuple[ProtectionSetting, ...]:
        """Return versioning, encryption, the public access block, TLS only, ends of plans and versions."""
        return (
            ProtectionSetting("versioning", self._versioning, self._enable_versioning),
            ProtectionSetting("encryption", self._encryption, self._encrypt),
            ProtectionSetting("public access block", self._public_access, self._block_public_access),
            ProtectionSetting("TLS only", self._tls, self._require_tls),
            ProtectionSetting("end of kept plans", self._plans_end, self._end_plans),
            ProtectionSetting("end of old versions", self._versions_end, self._end_versions),
        )

    def _versioning(self) -> tuple[str, bool]:
        found = str(self.client.get_bucket_versioning(Bucket=self.name).get("Status", "off"))
        return found, found == "Enabled"

    def _enable_versioning(self) -> None:
        self.client.put_bucket_versioning(Bucket=self.name, VersioningConfiguration={"Status": "Enabled"})

    def _encryption(self) -> tuple[str, bool]:
        # Any encryption is right: a KMS key of one's own is stronger than what we would set.
        absent = "ServerSideEncryptionConfigurationNotFoundError"
        answer = _unless(absent, lambda: self.client.get_bucket_encryption(Bucket=self.name))
        rules = answer.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
        names = [rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] for rule in rules]
        return ", ".join(names) or "none", bool(names)

    def _encrypt(self) -> None:
        rule: ServerSideEncryptionRuleTypeDef = {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}
        }
        self.client.put_bucket_encryption(
            Bucket=self.name, ServerSideEncryptionConfiguration={"Rules": [rule]}
        )

    def _public_access(self) -> tuple[str, bool]:
        absent = "NoSuchPublicAccessBlockConfiguration"
        answer = _unless(absent, lambda: self.client.get_public_access_block(Bucket=self.name))
        blocks = answer.get("PublicAccessBlockConfiguration", {})
        on = sum(bool(blocks.get(name)) for name in _BLOCKS)
        return f"{on} of {len(_BLOCKS)} blocks", on == len(_BLOCKS)

    def _block_public_access(self) -> None:
        blocks = cast("PublicAccessBlockConfigurationTypeDef", dict.fromkeys(_BLOCKS, True))
        self.client.put_public_access_block(Bucket=self.name, PublicAccessBlockConfiguration=blocks)

    def _tls(self) -> tuple[str, bool]:
        right = requires_tls(self._policy())
        return "required" if right else "not required", right

    def _require_tls(self) -> None:
        policy = with_tls(self._policy(), self.name, self.client.meta.partition)
        self.client.put_bucket_policy(Bucket=self.name, Policy=policy)

    def _plans_end(self) -> tuple[str, bool]:
        """Saved plans hold values in the clear, and nobody comes back for one whose approval expired."""
        return self._rules_of(_WAITING)

    def _end_plans(self) -> None:
        self._put_rules(
            {
                "ID": name,
                "Filter": {"Prefix": prefix},
                "Status": "Enabled",
                "Expiration": {"Days": 1},
                "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
            }
            for name, prefix in _WAITING.items()
        )

    def _versions_end(self) -> tuple[str, bool]:
        """Each apply writes the state again, each run notes itself and withdraws: versions without end."""
        return self._rules_of((_OLD,))

    def _end_versions(self) -> None:
        rule: LifecycleRuleTypeDef = {
            "ID": _OLD,
            "Filter": {"Prefix": ""},
            "Status": "Enabled",
            "Expiration": {"ExpiredObjectDeleteMarker": True},
            "NoncurrentVersionExpiration": {"NoncurrentDays": _OLD_DAYS},
        }
        self._put_rules([rule])

    def _rules_of(self, names: Collection[str]) -> tuple[str, bool]:
        found = [rule for rule in self._lifecycle() if rule.get("ID") in names]
        return f"{len(found)} of {len(names)} rules", len(found) == len(names)

    def _put_rules(self, rules: "Iterable[LifecycleRuleTypeDef]") -> None:
        """Add rules, or write them again; all others stay."""
        added = list(rules)
        names = {rule.get("ID") for rule in added}
        others = [rule for rule in self._lifecycle() if rule.get("ID") not in names]
        self.client.put_bucket_lifecycle_configuration(
            Bucket=self.name, LifecycleConfiguration={"Rules": [*others, *added]}
        )

    def _lifecycle(self) -> "Sequence[LifecycleRuleTypeDef]":
        absent = "NoSuchLifecycleConfiguration"
        answer = _unless(absent, lambda: self.client.get_bucket_lifecycle_configuration(Bucket=self.name))
        rules: Sequence[LifecycleRuleTypeDef] = answer.get("Rules", [])
        return rules

    def _policy(self) -> str | None:
        answer = _unless("NoSuchBucketPolicy", lambda: self.client.get_bucket_policy(Bucket=self.name))
        return answer.get("Policy")


def _unless(absent: str, call: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    try:
        return call()
    except ClientError as error:
        if code_of(error) == absent:
            return {}
        raise


def settle(thing: StateBucket | LockTable, *, repair: bool) -> Iterator[Setting]:
    """Yield existence and settings; with ``repair`` what is missing is made.

    Raises:
        StateError: the name belongs to another account, or to something else.
        AwsError: a call failed.
    """
    with calling(f"Looking for the {thing.kind} {thing.name}"):
        present = thing.exists()
    if not present and not repair:
        yield Setting(thing.name, thing.kind, "absent", "missing")
        return
    made = False
    if not present:
        with calling(f"Creating the {thing.kind} {thing.name}"):
            made = thing.create()
    yield Setting(thing.name, thing.kind, "absent" if made else "present", "created" if made else "kept")
    yield from _settings(thing, ("created" if made else "repaired") if repair else None)


def check(thing: StateBucket | LockTable) -> tuple[Setting, ...]:
    """Look at the settings without repairing any; what is wrong is "missing"."""
    return tuple(_settings(thing, None))


def _settings(thing: StateBucket | LockTable, repaired: Done | None) -> Iterator[Setting]:
    """Look at each setting, and repair it unless ``repaired``, which says what that is called, is None."""
    for protection in thing.protections():
        with calling(f"Checking {protection.name} of the {thing.kind} {thing.name}"):
            found, right = protection.look()
            if repaired and not right:
                protection.repair()
        yield Setting(thing.name, protection.name, found, "kept" if right else repaired or "missing")


def protected(access: AwsAccess, bucket: str, table: str) -> tuple[StateBucket, LockTable]:
    """Return the state's bucket and table."""
    account = identify(access).account_id
    return (
        StateBucket(access.client("s3"), bucket, access.region, account),
        LockTable(access.client("dynamodb"), table),
    )


def bootstrap(access: AwsAccess, bucket: str, table: str, *, dry_run: bool = False) -> BootstrapReport:
    """Make the state bucket and the lock table, or adopt them and repair what is missing.

    The bucket is versioned, encrypted, closed to the public, answers only TLS, and ends plans that nobody
    applied and versions that were replaced; the table has point-in-time recovery and deletion protection.
    Nothing that is stronger already is weakened. With ``dry_run`` nothing is made or repaired; what would be
    is "missing".

    Raises:
        BucketTakenError: the bucket's name belongs to another account.
        StateError: the table is something else's.
        AwsError: a call failed.
    """
    things = protected(access, bucket, table)
    return BootstrapReport(tuple(done for thing in things for done in settle(thing, repair=not dry_run)))
