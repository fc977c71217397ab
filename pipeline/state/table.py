"""The lock table: made, adopted and repaired, never weakened."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from pipeline.aws.errors import calling, code_of
from pipeline.state.model import StateError
from pipeline.state.protection import Done, Setting

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TableDescriptionTypeDef

KEY = "LockID"


@dataclass(frozen=True)
class Table:
    """A table and the client to reach it."""

    client: "DynamoDBClient"
    name: str


def ensure_table(table: Table) -> tuple[Setting, ...]:
    """Make the table or adopt it, and repair what is missing.

    Raises:
        StateError: a table of that name has another key.
        AwsError: a call failed.
    """
    with calling(f"Checking the lock table {table.name}"):
        made = _ensure_exists(table)
        description = table.client.describe_table(TableName=table.name)["Table"]
    _check_key(table.name, description)
    done: Done = "created" if made else "kept"
    billing = description.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    with calling(f"Protecting the lock table {table.name}"):
        return (
            Setting(table.name, "table", "absent" if made else "present", done),
            Setting(table.name, "billing", billing, done),
            _recovery(table, made=made),
            _deletion_protection(table, description, made=made),
        )


def survey_table(table: Table) -> tuple[Setting, ...]:
    """Look at the table and its protections, if it is there at all.

    Raises:
        StateError: a table of that name has another key.
        AwsError: a call failed.
    """
    with calling(f"Checking the lock table {table.name}"):
        try:
            description = table.client.describe_table(TableName=table.name)["Table"]
        except ClientError as error:
            if code_of(error) != "ResourceNotFoundException":
                raise
            return (Setting(table.name, "table", "absent", "missing"),)
        _check_key(table.name, description)
        recovers = recovery_is_on(table)
    return (
        Setting(table.name, "table", "present", "kept"),
        _found(table, "point-in-time recovery", on=recovers),
        _found(table, "deletion protection", on=bool(description.get("DeletionProtectionEnabled"))),
    )


def _found(table: Table, setting: str, *, on: bool) -> Setting:
    return Setting(table.name, setting, "on" if on else "off", "kept" if on else "missing")


def _ensure_exists(table: Table) -> bool:
    try:
        table.client.describe_table(TableName=table.name)
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        _create(table)
        return True
    table.client.get_waiter("table_exists").wait(TableName=table.name)
    return False


def _create(table: Table) -> None:
    try:
        table.client.create_table(
            TableName=table.name,
            AttributeDefinitions=[{"AttributeName": KEY, "AttributeType": "S"}],
            KeySchema=[{"AttributeName": KEY, "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
            DeletionProtectionEnabled=True,
        )
    except ClientError as error:
        if code_of(error) != "ResourceInUseException":  # another run was faster
            raise
    table.client.get_waiter("table_exists").wait(TableName=table.name)


def _check_key(name: str, description: "TableDescriptionTypeDef") -> None:
    keys = [(key["AttributeName"], key["KeyType"]) for key in description["KeySchema"]]
    if keys != [(KEY, "HASH")]:
        raise StateError(
            f"The DynamoDB table {name} has the key {keys}, but Terraform's lock needs the one key {KEY}. "
            "It is something else's: rename the app or the environment in deployments/environments.toml."
        )


def recovery_is_on(table: Table) -> bool:
    """Tell whether point-in-time recovery is on."""
    answer = table.client.describe_continuous_backups(TableName=table.name)["ContinuousBackupsDescription"]
    status = answer.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
    return bool(status == "ENABLED")


def _recovery(table: Table, *, made: bool) -> Setting:
    if recovery_is_on(table):
        return Setting(table.name, "point-in-time recovery", "on", "kept")
    table.client.update_continuous_backups(
        TableName=table.name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    return Setting(table.name, "point-in-time recovery", "off", "created" if made else "repaired")


def _deletion_protection(table: Table, description: "TableDescriptionTypeDef", *, made: bool) -> Setting:
    if description.get("DeletionProtectionEnabled"):
        return Setting(table.name, "deletion protection", "on", "created" if made else "kept")
    table.client.update_table(TableName=table.name, DeletionProtectionEnabled=True)
    return Setting(table.name, "deletion protection", "off", "repaired")
