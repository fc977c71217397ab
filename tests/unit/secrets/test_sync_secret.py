"""Syncing against an in-process Secrets Manager."""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from pydantic import SecretStr
from support.refusals import UNREACHABLE, refusing

from pipeline.aws.access import AwsAccess
from pipeline.aws.errors import AwsError
from pipeline.secrets.change import (
    SecretsError,
    SecretValuesError,
)
from pipeline.secrets.store import missing_keys, secret_keys, sync_secret, values_written

NAME = "vimbiso-pay/staging/app"
ACCESS = AwsAccess("af-south-1", access_key_id="test", secret_access_key="test")
VALUES = {"DJANGO_SECRET": SecretStr("hush-1"), "MYCREDEX_APP_URL": SecretStr("hush-2")}
REQUIRED = tuple(VALUES)


@pytest.fixture
def manager() -> Iterator[Any]:
    """Secrets Manager with the application's secret, still without a value."""
    with mock_aws():
        client = ACCESS.client("secretsmanager")
        client.create_secret(Name=NAME)
        yield client


def _versions(manager: Any) -> int:
    return len(manager.list_secret_version_ids(SecretId=NAME, IncludeDeprecated=True)["Versions"])


def test_the_first_sync_writes_every_key(manager: Any) -> None:
    """A secret that Terraform has made, still empty, takes its first value."""
    result = sync_secret(ACCESS, NAME, VALUES, REQUIRED)
    assert (result.changed, result.added) == (True, REQUIRED)
    answer = manager.get_secret_value(SecretId=NAME)
    assert answer["VersionId"] == result.version_id
    assert json.loads(answer["SecretString"]) == {"DJANGO_SECRET": "hush-1", "MYCREDEX_APP_URL": "hush-2"}


def test_the_same_values_again_make_no_version(manager: Any) -> None:
    """Repeating a sync is free."""
    first = sync_secret(ACCESS, NAME, VALUES, REQUIRED)
    second = sync_secret(ACCESS, NAME, VALUES, REQUIRED)
    assert (second.changed, second.version_id, _versions(manager)) == (False, first.version_id, 1)


def test_going_back_to_older_values_makes_them_current(manager: Any) -> None:
    """A, B, A: the third write is a version of its own."""
    for value in ("a", "b", "a"):
        sync_secret(ACCESS, NAME, {"DJANGO_SECRET": SecretStr(value)}, ())
    assert json.loads(manager.get_secret_value(SecretId=NAME)["SecretString"]) == {"DJANGO_SECRET": "a"}


def test_other_keys_stay(manager: Any) -> None:
    """A key that somebody else set is kept and named."""
    manager.put_secret_value(SecretId=NAME, SecretString=json.dumps({"EXTRA": "hush-3"}))
    kept = sync_secret(ACCESS, NAME, VALUES, REQUIRED)
    assert (kept.kept, secret_keys(ACCESS, NAME)) == (("EXTRA",), (*REQUIRED[:1], "EXTRA", *REQUIRED[1:]))


def test_a_preview_says_the_same_and_writes_nothing(manager: Any) -> None:
    """dry_run reports what the run would then do."""
    preview = sync_secret(ACCESS, NAME, VALUES, REQUIRED, dry_run=True)
    assert (preview.changed, preview.added, preview.version_id) == (True, REQUIRED, "")
    assert secret_keys(ACCESS, NAME) == ()


def test_an_incomplete_set_of_values_is_refused_before_any_call() -> None:
    """Required keys are checked first; no AWS is needed to say so."""
    with pytest.raises(SecretValuesError, match="WHATSAPP_ACCESS_TOKEN"):
        sync_secret(ACCESS, NAME, VALUES, ("WHATSAPP_ACCESS_TOKEN",))


def test_a_secret_that_is_missing_or_being_deleted_is_named(manager: Any) -> None:
    """Both say what to do next."""
    with pytest.raises(SecretsError, match="deploy-infrastructure"):
        sync_secret(ACCESS, "no/such/secret", VALUES, REQUIRED)
    manager.delete_secret(SecretId=NAME)
    with pytest.raises(SecretsError, match="restore-secret"):
        sync_secret(ACCESS, NAME, VALUES, REQUIRED)


def test_a_value_that_is_no_json_object_is_left_alone_and_not_quoted(manager: Any) -> None:
    """Somebody's plain text is neither overwritten nor repeated in the error."""
    manager.put_secret_value(SecretId=NAME, SecretString="hush-plain")
    with pytest.raises(SecretsError) as caught:
        sync_secret(ACCESS, NAME, VALUES, REQUIRED)
    assert "hush" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_reports_keys_that_the_task_definition_uses_but_nobody_set(manager: Any) -> None:
    """The report compares the definition with the secret as it is."""
    arn = sync_secret(ACCESS, NAME, VALUES, REQUIRED).secret_arn
    secrets = [{"name": "X", "valueFrom": f"{arn}:{key}::"} for key in ("DJANGO_SECRET", "WHATSAPP_API_URL")]
    report = missing_keys(ACCESS, NAME, {"containerDefinitions": [{"secrets": secrets}]})
    assert (report.missing, report.unused) == (("WHATSAPP_API_URL",), ("MYCREDEX_APP_URL",))


@dataclass(frozen=True)
class _Spying(AwsAccess):
    """Access whose Secrets Manager does something else just before each write."""

    before_write: Any = field(default=None, repr=False)

    def client(self, service: str) -> Any:
        client = boto3.client(
            "secretsmanager", region_name=self.region, aws_access_key_id="test", aws_secret_access_key="test"
        )
        client.meta.events.register("before-call.secrets-manager.PutSecretValue", self.before_write)
        return client


def test_a_write_of_somebody_else_in_between_is_noticed(manager: Any) -> None:
    """The version that was overwritten unseen is not the one the plan was made from."""

    def meddle(**_: Any) -> None:
        manager.put_secret_value(SecretId=NAME, SecretString=json.dumps({"OTHER": "x"}))

    sync_secret(ACCESS, NAME, VALUES, REQUIRED)
    changed = {**VALUES, "DJANGO_SECRET": SecretStr("hush-9")}
    with pytest.raises(SecretsError, match="one after the other"):
        sync_secret(_Spying("af-south-1", before_write=meddle), NAME, changed, REQUIRED)


def test_a_refused_write_withholds_what_aws_says(manager: Any) -> None:
    """AWS quotes the value it refuses; neither the error nor its chain may."""

    def refuse(**_: Any) -> None:
        error = {"Code": "ValidationException", "Message": "Value 'hush-1' at 'secretString' is bad"}
        raise ClientError({"Error": error}, "PutSecretValue")

    with pytest.raises(AwsError) as caught:
        sync_secret(_Spying("af-south-1", before_write=refuse), NAME, VALUES, REQUIRED)
    assert caught.value.code == "ValidationException"
    assert caught.value.__suppress_context__
    assert "hush" not in str(caught.value)


def test_values_reach_neither_results_nor_the_pipelines_log(
    manager: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """What is returned or logged names keys and versions only."""
    with caplog.at_level(logging.DEBUG, "pipeline"):
        result = sync_secret(ACCESS, NAME, VALUES, REQUIRED)
    own = [record.getMessage() for record in caplog.records if record.name.startswith("pipeline")]
    assert "hush" not in repr(result) + "".join(own)


def test_it_is_known_when_the_present_values_were_written(manager: Any) -> None:
    """Tasks that began before have older ones."""
    assert values_written(ACCESS, NAME) is None
    before = datetime.now(UTC).replace(microsecond=0)
    sync_secret(ACCESS, NAME, VALUES, REQUIRED)
    written = values_written(ACCESS, NAME)
    assert written is not None
    assert before <= written <= datetime.now(UTC)


def test_a_write_without_an_answer_says_so_and_nothing_of_the_values(manager: Any) -> None:
    """Only the kind of trouble: the request holds every value."""
    with refusing(manager, "PutSecretValue", UNREACHABLE), pytest.raises(AwsError) as caught:
        sync_secret(ACCESS, NAME, VALUES, REQUIRED)
    assert "EndpointConnectionError" in str(caught.value)
    assert "hush" not in str(caught.value)
    assert caught.value.__cause__ is None
