"""Whatever the flows have done until here, secret values can be read in their block and secret only."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from support.house import House

from deployments.local.stack.secrets import ENCRYPTION_KEY, PREFECT_PASSWORD, read

pytestmark = [pytest.mark.stack, pytest.mark.docker, pytest.mark.timeout(600)]

_PAGE = 200


@pytest.fixture(scope="module")
def secrets(house: House) -> list[str]:
    """The application's secret values, the AWS secret key, and what opens Prefect and its database."""
    own = [read(house.stack.settings, name) for name in (PREFECT_PASSWORD, ENCRYPTION_KEY)]
    return [*house.blocks.secret_values().values(), house.blocks.aws_secret_key(), *own]


def test_the_secret_values_are_where_the_application_gets_them(house: House, secrets: list[str]) -> None:
    """The search below looks for the right texts: the containers' own secret holds every one."""
    manager = house.access.client("secretsmanager")
    stored = manager.get_secret_value(SecretId=house.outputs.secret_arn)["SecretString"]
    assert len(set(secrets)) >= 7
    assert set(house.blocks.secret_values().values()) <= set(json.loads(stored).values())


@pytest.mark.parametrize(
    "kind", ["logs", "artifacts", "flow_runs", "task_runs", "deployments", "block_documents"]
)
def test_prefect_shows_no_secret(house: House, secrets: list[str], kind: str) -> None:
    """Its API hands none of them out."""
    found = list(_everything(house, kind))
    assert found
    _hold_none(json.dumps(found), secrets)


def test_prefects_events_hold_no_secret(house: House, secrets: list[str]) -> None:
    """What automations and everybody who follows the events can read: states with their messages among it."""
    found = list(_events(house))
    assert {"prefect.flow-run.Running", "prefect.flow-run.Completed"} <= {item["event"] for item in found}
    _hold_none(json.dumps(found), secrets)


def test_prefects_database_holds_no_secret_in_clear(house: House, secrets: list[str]) -> None:
    """Whatever the API shows or not: runs, results, events, logs."""
    files = list((house.stack.settings.state / "prefect").glob("prefect.db*"))
    assert files
    _hold_none("".join(path.read_bytes().decode("latin-1") for path in files), secrets)


def test_task_definitions_name_secrets_only(house: House, secrets: list[str]) -> None:
    """Every revision refers to the secret by its ARN and keys."""
    ecs = house.access.client("ecs")
    arns = ecs.list_task_definitions(familyPrefix=house.outputs.task_family)["taskDefinitionArns"]
    texts = [json.dumps(ecs.describe_task_definition(taskDefinition=arn), default=str) for arn in arns]
    assert all('"valueFrom"' in text for text in texts)
    _hold_none("".join(texts), secrets)


def test_buckets_hold_no_secret(house: House, secrets: list[str]) -> None:
    """Terraform's state, plans and release records, in every version that the buckets keep."""
    s3 = house.access.client("s3")
    texts = {}
    for bucket in [item["Name"] for item in s3.list_buckets()["Buckets"]]:
        for key, version in _versions(s3, bucket):
            body = s3.get_object(Bucket=bucket, Key=key, VersionId=version)["Body"].read()
            texts[f"{bucket}/{key}"] = body.decode(errors="replace")
    assert any("tfstate" in name for name in texts)
    assert any("/records/" in name for name in texts)
    _hold_none("".join(texts.values()), secrets)


def test_log_files_and_log_groups_hold_no_secret(house: House, secrets: list[str]) -> None:
    """What the stack's processes and the application's containers wrote."""
    folder = house.stack.settings.state / "logs"
    text = "".join(path.read_text(errors="replace") for path in folder.iterdir())
    assert text
    logs = house.access.client("logs")
    streams = logs.describe_log_streams(logGroupName=house.outputs.log_group)["logStreams"]
    assert streams
    for stream in streams:
        answer = logs.get_log_events(
            logGroupName=house.outputs.log_group, logStreamName=stream["logStreamName"], startFromHead=True
        )
        text += json.dumps(answer["events"])
    _hold_none(text, secrets)


def test_the_process_list_shows_no_secret(house: House, secrets: list[str]) -> None:
    """No process of the stack has one among its arguments."""
    commands = [" ".join(process.command) for process in house.stack.living()]
    assert commands
    _hold_none("\n".join(commands), secrets)


def _hold_none(text: str, secrets: list[str]) -> None:
    """Say how many of the secrets are in the text, not which: a failure shall not show them either."""
    leaked = sum(json.dumps(value)[1:-1] in text or value in text for value in secrets)
    assert leaked == 0, f"{leaked} secret values can be read here"


def _everything(house: House, kind: str) -> Iterator[dict[str, Any]]:
    """Read all of one kind from Prefect's API, page by page."""
    for offset in itertools.count(0, _PAGE):
        question = {"limit": _PAGE, "offset": offset}
        url = f"{house.stack.settings.prefect_url}/api/{kind}/filter"
        page = (
            httpx.post(url, json=question, timeout=30, trust_env=False, auth=house.auth)
            .raise_for_status()
            .json()
        )
        yield from page
        if len(page) < _PAGE:
            return


def _events(house: House) -> Iterator[dict[str, Any]]:
    """Read every event from Prefect's API, page by page."""
    url = f"{house.stack.settings.prefect_url}/api/events/filter"
    answer = httpx.post(url, json={"limit": 50, "filter": {}}, timeout=30, trust_env=False, auth=house.auth)
    while True:
        page = answer.raise_for_status().json()
        yield from page["events"]
        if page["next_page"] is None:
            return
        answer = httpx.get(page["next_page"], timeout=30, trust_env=False, auth=house.auth)


def _versions(s3: Any, bucket: str) -> Iterator[tuple[str, str]]:
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        for item in page.get("Versions", []):
            yield item["Key"], item["VersionId"]
