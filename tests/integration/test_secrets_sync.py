"""Syncing the application's secret on an emulator."""

import json
from concurrent.futures import ThreadPoolExecutor

from maintenance_emulator import aws  # noqa: F401 - a fixture
from pydantic import SecretStr
from support.secret_keys import SECRET_KEYS

from pipeline.aws.access import AwsAccess
from pipeline.secrets.store import missing_keys, sync_secret

VALUES = {key: SecretStr(f"hush {key}") for key in SECRET_KEYS}


def _create(aws: AwsAccess, name: str) -> str:  # noqa: F811 - the fixture's value
    return str(aws.client("secretsmanager").create_secret(Name=name)["ARN"])


def _read(aws: AwsAccess, name: str) -> dict[str, str]:  # noqa: F811 - the fixture's value
    answer = aws.client("secretsmanager").get_secret_value(SecretId=name)
    return dict(json.loads(answer["SecretString"]))


def test_a_secret_is_filled_kept_changed_and_changed_back(aws: AwsAccess) -> None:  # noqa: F811 - the fixture's value
    """Each change is one version, and nothing else is."""
    _create(aws, "app/one")
    changed = {**VALUES, "DJANGO_SECRET": SecretStr("hush new")}
    steps = (VALUES, VALUES, changed, changed, VALUES)
    results = [sync_secret(aws, "app/one", values, SECRET_KEYS) for values in steps]
    assert [result.changed for result in results] == [True, False, True, False, True]
    assert [result.updated for result in results[2:]] == [("DJANGO_SECRET",), (), ("DJANGO_SECRET",)]
    assert len({result.version_id for result in results}) == 3
    assert _read(aws, "app/one") == {key: f"hush {key}" for key in SECRET_KEYS}


def test_syncs_of_the_same_values_at_once_agree(aws: AwsAccess) -> None:  # noqa: F811 - the fixture's value
    """Whoever writes first, all of them end on one version."""
    _create(aws, "app/two")
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: sync_secret(aws, "app/two", VALUES, SECRET_KEYS), range(4)))
    assert len({result.version_id for result in results}) == 1
    assert _read(aws, "app/two") == {key: f"hush {key}" for key in SECRET_KEYS}


def test_the_report_names_keys_that_a_task_definition_misses(aws: AwsAccess) -> None:  # noqa: F811 - the fixture's value
    """The definition is the one that ECS describes."""
    arn = _create(aws, "app/three")
    sync_secret(aws, "app/three", VALUES, SECRET_KEYS)
    references = [{"name": key, "valueFrom": f"{arn}:{key}::"} for key in ("DJANGO_SECRET", "SENTRY_DSN")]
    ecs = aws.client("ecs")
    ecs.register_task_definition(
        family="app",
        containerDefinitions=[{"name": "app", "image": "app", "memory": 64, "secrets": references}],
    )
    definition = ecs.describe_task_definition(taskDefinition="app")["taskDefinition"]
    report = missing_keys(aws, "app/three", definition)
    assert (report.missing, "WHATSAPP_API_URL" in report.unused) == (("SENTRY_DSN",), True)
