"""Settings of an application that contradict themselves are refused, with what is wrong."""

from typing import Any

import pytest
from pydantic import ValidationError

from pipeline.environment.loader import environment
from pipeline.environment.model import Environment

REDIS = {"image": "redis", "health_command": ["CMD", "redis-cli", "ping"]}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a database off the volume": (
        {"data": {"path": "/data", "databases": ["/app/db.sqlite3"]}},
        "database /app/db.sqlite3 is not below the data volume's path /data",
    ),
    "a database that climbs off the volume": (
        {"data": {"path": "/data", "databases": ["/data/../app/db.sqlite3"]}},
        "is not below",
    ),
    "two databases of one name": (
        {"data": {"path": "/data", "databases": ["/data/a/db.sqlite3", "/data/b/db.sqlite3"]}},
        "two databases have one name",
    ),
    "a volume within a volume": (
        {"data": {"path": "/data", "volumes": {"media": "/data/media"}}},
        "/data has another volume in it",
    ),
    "a plain secret": (
        {"secret_keys": ["KEY"], "variables": {"KEY": "x"}},
        "KEY: in secret_keys and in variables",
    ),
    "a wait for nobody": (
        {"container": {"depends_on": {"redis": "START"}}},
        "container depends on redis, and there is no such sidecar",
    ),
    "a wait for health that nobody asks": (
        {"container": {"depends_on": {"redis": "HEALTHY"}}, "sidecars": {"redis": {"image": "redis"}}},
        "container waits for redis to be HEALTHY, which has no health_command",
    ),
    "a wait for the end of what must not end": (
        {
            "container": {"depends_on": {"redis": "COMPLETE"}},
            "sidecars": {"redis": {**REDIS, "essential": True}},
        },
        "waits for the end of redis, which is essential",
    ),
    "a circle": (
        {
            "sidecars": {
                "a": {**REDIS, "depends_on": {"b": "START"}},
                "b": {**REDIS, "depends_on": {"a": "START"}},
            }
        },
        "a and b wait for each other",
    ),
    "its own migrations without a smoke test": (
        {"django": {"migrated_by": "application"}, "smoke_test": False},
        "needs smoke_test = true",
    ),
    "codes that no target group takes": ({"health_codes": "500"}, "give codes or ranges from 200 to 499"),
    "codes backwards": ({"health_codes": "299-200"}, "give codes or ranges from 200 to 499"),
    "no codes": ({"health_codes": "ok"}, "give codes or ranges from 200 to 499"),
    "an unknown key": ({"container": {"user_name": ["x"]}}, "Extra inputs are not permitted"),
}


def settings(changes: dict[str, Any]) -> Environment:
    """Return the local environment with other settings."""
    kept = environment("local").model_dump(exclude={"data", "container", "sidecars", "django", "secret_keys"})
    return Environment.model_validate({**kept, **changes})


@pytest.mark.parametrize(("changes", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_is_refused(changes: dict[str, Any], said: str) -> None:
    """Before anything is planned or built."""
    with pytest.raises(ValidationError, match=said.replace("(", r"\(")):
        settings(changes)


def test_keys_of_sidecars_are_keys_of_the_secret() -> None:
    """Each once, the application's first."""
    redis = {**REDIS, "secret_keys": ["PASSWORD", "KEY"]}
    found = settings({"secret_keys": ["KEY", "TOKEN"], "sidecars": {"redis": redis}})
    assert found.all_secret_keys == ("KEY", "TOKEN", "PASSWORD")


def test_migrations_are_run_as_the_settings_say() -> None:
    """By manage.py, unless another command does it all."""
    assert settings({}).django.migrate_command == ("python", "manage.py", "migrate", "--noinput")
    elsewhere = settings({"django": {"manage": ["python3", "src/manage.py"], "settings_module": "shop.prod"}})
    assert elsewhere.django.migrate_command[:2] == ("python3", "src/manage.py")
    assert elsewhere.django.environment == {"DJANGO_SETTINGS_MODULE": "shop.prod"}
    assert settings({"django": {"migrate": ["./release.sh"]}}).django.migrate_command == ("./release.sh",)
