"""One secret in Secrets Manager: the only module here that sees AWS's answers."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import SecretStr

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import AwsError, calling, code_of
from pipeline.secrets.change import (
    KeyReport,
    SecretChange,
    SecretsError,
    SecretSync,
    check_size,
    check_values,
    compare_keys,
    plan_change,
    version_token,
)

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.type_defs import DescribeSecretResponseTypeDef

CURRENT = "AWSCURRENT"
PREVIOUS = "AWSPREVIOUS"


@dataclass(frozen=True)
class Stored:
    """The current version of the secret; ``version_id`` is "" before the first value."""

    arn: str
    version_id: str
    values: Mapping[str, Any] = field(repr=False)
    written: datetime | None = None
    """When the version was made, aware; None before the first value."""


class SecretStore:
    """Reads and writes one secret (name or ARN). Not to be shared between threads or pickled."""

    def __init__(self, access: AwsAccess, secret_id: str) -> None:
        self.secret_id = secret_id
        self._client = access.client("secretsmanager")

    def read(self) -> Stored:
        """Return the current values.

        Raises:
            SecretsError: the secret does not exist or is scheduled for deletion.
            SecretsError: its value is not a JSON object.
            AwsError: AWS refused or could not be reached.
        """
        described = self._describe()
        stages = described.get("VersionIdsToStages", {})
        if not any(CURRENT in labels for labels in stages.values()):
            return Stored(described["ARN"], "", {})
        with calling(f"Reading secret {self.secret_id}"):
            answer = self._client.get_secret_value(SecretId=self.secret_id, VersionStage=CURRENT)
        if not answer.keys() & {"SecretString", "SecretBinary"}:
            return Stored(answer["ARN"], answer["VersionId"], {})  # a version that holds nothing yet
        values = self._parse(answer.get("SecretString"))
        return Stored(answer["ARN"], answer["VersionId"], values, answer["CreatedDate"])

    def write(self, document: str, token: str) -> str:
        """Make ``document`` the current version and return its id. Repeatable with the same token.

        Raises:
            AwsError: with AWS's code only, unchained: AWS's own message may quote the document.
        """
        try:
            answer = self._client.put_secret_value(
                SecretId=self.secret_id, SecretString=document, ClientRequestToken=token
            )
        except ClientError as error:
            raise self._refused(code_of(error)) from None
        except BotoCoreError as error:
            raise self._refused(type(error).__name__) from None
        return str(answer["VersionId"])

    def labels(self) -> dict[str, str]:
        """Return the version id by staging label, such as AWSCURRENT and AWSPREVIOUS."""
        stages = self._describe().get("VersionIdsToStages", {})
        return {label: version for version, labels in stages.items() for label in labels}

    def _describe(self) -> "DescribeSecretResponseTypeDef":
        with calling(f"Describing secret {self.secret_id}"):
            try:
                answer = self._client.describe_secret(SecretId=self.secret_id)
            except self._client.exceptions.ResourceNotFoundException:
                raise SecretsError(
                    f"Secret {self.secret_id} does not exist. "
                    "Run deploy-infrastructure for this environment first."
                ) from None
        if answer.get("DeletedDate"):
            raise SecretsError(
                f"Secret {self.secret_id} is scheduled for deletion. "
                f"Run 'aws secretsmanager restore-secret --secret-id {self.secret_id}' and try again."
            )
        return answer

    def _parse(self, text: str | None) -> Mapping[str, Any]:
        # Unchained: a JSON error carries the text it failed on.
        try:
            document = json.loads(text or "null")
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise SecretsError(
                f"Secret {self.secret_id} is not a JSON object, so its keys cannot be compared. "
                "Set its value to {} in Secrets Manager and run sync-secrets again."
            )
        return document

    def _refused(self, code: str) -> AwsError:
        return AwsError(
            f"Writing secret {self.secret_id}: {code}. AWS's own text is withheld as it may quote values. "
            "Check that the pipeline role may call secretsmanager:PutSecretValue, then run again.",
            code,
        )


def sync_secret(
    access: AwsAccess,
    secret_id: str,
    values: Mapping[str, SecretStr],
    required: Collection[str],
    *,
    dry_run: bool = False,
) -> SecretSync:
    """Write ``values`` to the secret (name or ARN) unless it holds them already. Safe to repeat.

    Keys that are not among ``values`` are kept: a running task definition may read them.

    Raises:
        SecretValuesError: a required key is absent, a value is blank, or all are too large together.
        SecretsError, SecretsError: the secret cannot take keys.
        SecretsError: another writer's version became current meanwhile.
        AwsError: AWS refused or could not be reached.
    """
    check_values(values, required)
    store = SecretStore(access, secret_id)
    before = store.read()
    change = plan_change(before.values, values)
    check_size(change.document)
    version = before.version_id
    if change.any and not dry_run:
        version = _write(store, before, change)
    return SecretSync(
        secret_arn=before.arn,
        version_id=version,
        changed=change.any,
        added=change.added,
        updated=change.updated,
        kept=change.kept,
        dry_run=dry_run,
    )


def secret_keys(access: AwsAccess, secret_id: str) -> tuple[str, ...]:
    """Return the names of the keys that are set to something, sorted. Raises as ``sync_secret`` does."""
    return _keys_set(SecretStore(access, secret_id).read())


def values_written(access: AwsAccess, secret_id: str) -> datetime | None:
    """Return when the present values were written, None without any. Raises as ``sync_secret`` does."""
    return SecretStore(access, secret_id).read().written


def missing_keys(access: AwsAccess, secret_id: str, task_definition: Mapping[str, Any]) -> KeyReport:
    """Compare what a task definition (as DescribeTaskDefinition answers it) reads with what is set."""
    stored = SecretStore(access, secret_id).read()
    return compare_keys(task_definition, stored.arn, _keys_set(stored))


def _keys_set(stored: Stored) -> tuple[str, ...]:
    return tuple(sorted(key for key, value in stored.values.items() if value not in (None, "")))


def _write(store: SecretStore, before: Stored, change: SecretChange) -> str:
    version = store.write(change.document, version_token(before.arn, before.version_id, change.document))
    labels = store.labels()
    previous = labels.get(PREVIOUS, before.version_id)  # emulators drop the label when a write is repeated
    if labels.get(CURRENT) != version or previous != before.version_id:
        raise SecretsError(
            f"Secret {store.secret_id}: version {version} was to follow {before.version_id or 'nothing'}, "
            f"but now {labels.get(CURRENT)} follows {labels.get(PREVIOUS)}. Another sync ran meanwhile. "
            "Run every sync of this secret again, one after the other."
        )
    return version
