"""The lock table of Terraform's state."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from botocore.exceptions import ClientError

from pipeline.aws.errors import code_of
from pipeline.state.model import StateError
from pipeline.state.protection import ProtectionSetting

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TableDescriptionTypeDef

KEY = "LockID"


@dataclass(frozen=True)
class LockTable:
    """A table and the client to reach it."""

    client: "DynamoDBClient"
    name: str
    kind: ClassVar[str] = "table"

    def exists(self) -> bool:
        """Whether it is there.

        Raises:
            StateError: a table of that name has another key.
        """
        try:
            keys = [(key["AttributeName"], key["KeyType"]) for key in self._description()["KeySchema"]]
        except ClientError as error:
            if code_of(error) == "ResourceNotFoundException":
                return False
            raise
        if keys != [(KEY, "HASH")]:
            raise StateError(
                f"The DynamoDB table {self.name} has the key {keys}, but Terraform's lock needs the one key "
                f"{KEY}. It is something else's: rename the app or the environment in "
                "deployments/environments.toml."
            )
        self.client.get_waiter("table_exists").wait(TableName=self.name)
        return True

    def create(self) -> bool:
        """Create it and wait until it can be used.

        Raises:
            StateError: another run was faster, and made it with another key.
        """
        try:
            self.client.create_table(
                TableName=self.name,
                AttributeDefinitions=[{"AttributeName": KEY, "AttributeType": "S"}],
                KeySchema=[{"AttributeName": KEY, "KeyType": "HASH"}],
                BillingMode="PAY_PER_REQUEST",
                DeletionProtectionEnabled=True,
            )
        except ClientError as error:
            if code_of(error) != "ResourceInUseException":
                raise
            return not self.exists()
        self.client.get_waiter("table_exists").wait(TableName=self.name)
        return True

    def protections(self) -> tuple[ProtectionSetting, ...]:
        """Return point-in-time recovery and deletion protection."""
        return (
            ProtectionSetting("point-in-time recovery", self._recovery, self._enable_recovery),
            ProtectionSetting("deletion protection", self._protection, self._enable_protection),
        )

    def _description(self) -> "TableDescriptionTypeDef":
        return self.client.describe_table(TableName=self.name)["Table"]

    def _recovery(self) -> tuple[str, bool]:
        answer = self.client.describe_continuous_backups(TableName=self.name)
        recovery = answer["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
        return _switch(recovery.get("PointInTimeRecoveryStatus") == "ENABLED")

    def _enable_recovery(self) -> None:
        self.client.update_continuous_backups(
            TableName=self.name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )

    def _protection(self) -> tuple[str, bool]:
        return _switch(bool(self._description().get("DeletionProtectionEnabled")))

    def _enable_protection(self) -> None:
        self.client.update_table(TableName=self.name, DeletionProtectionEnabled=True)


def _switch(on: bool) -> tuple[str, bool]:
    return "on" if on else "off", on
