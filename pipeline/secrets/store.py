"""One secret in Secrets Manager: the only module here that sees AWS's answers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import AwsError, calling, code_of
from pipeline.secrets.change import SecretsError

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
