"""The compose file: who runs as whom, with which secrets, and what can be reached."""

import inspect
from typing import Any

import pytest
import yaml
from prefect.settings.models.server.services import ServerServicesDBVacuumSettings

from deployments.local.stack import specs
from pipeline.environment.files import PROJECT

FILE = PROJECT / "deployments/platform/compose.yaml"
DOCUMENT: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = DOCUMENT["services"]


def test_every_part_is_there() -> None:
    """Server, its background services, database, messages, worker and webhook receiver."""
    assert set(SERVICES) == {"database", "messages", "server", "services", "worker", "webhook"}


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_is_watched_and_confined(name: str) -> None:
    """Each has a health check, is started again, is no root and gains no rights."""
    service = SERVICES[name]
    assert service["healthcheck"]["test"][0] == "CMD"
    assert service["restart"] == "unless-stopped"
    assert service["user"].split(":")[0] not in {"0", "root"}
    assert "no-new-privileges:true" in service["security_opt"]


@pytest.mark.holds("people", "read")
@pytest.mark.parametrize("name", sorted(SERVICES))
def test_secrets_come_from_files(name: str) -> None:
    """No password stands in a variable; each file that is named is handed to the service."""
    service = SERVICES[name]
    variables = service.get("environment", {})
    plain = [key for key in variables if key.endswith(("PASSWORD", "AUTH_STRING", "SECRET"))]
    named = {str(value).rpartition("/")[2] for key, value in variables.items() if key.endswith("_FILE")}
    assert plain == []
    assert named == set(service.get("secrets", []))
    assert named <= set(DOCUMENT["secrets"])


@pytest.mark.holds("people", "reach")
def test_only_this_host_reaches_it() -> None:
    """Ports are published on the loopback address; database and messages have none and no way out."""
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(published) == {"server", "webhook"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)
    assert DOCUMENT["networks"]["inside"]["internal"] is True
    assert DOCUMENT["networks"]["store"]["internal"] is True
    assert SERVICES["database"]["networks"] == SERVICES["messages"]["networks"] == ["store"]


@pytest.mark.holds("webhook", "reach")
@pytest.mark.holds("webhook", "read")
def test_redis_is_the_servers_alone() -> None:
    """Whoever writes to it runs code in the server: worker and receiver neither reach nor know it."""
    near = {name for name, service in SERVICES.items() if "store" in service["networks"]}
    assert near == {"database", "messages", "server", "services"}
    knowing = {name for name, service in SERVICES.items() if "messages_password" in service["secrets"]}
    assert knowing == near - {"database"}
    assert 'requirepass $$(cat "$$MESSAGES_PASSWORD_FILE")' in SERVICES["messages"]["command"][2]
    for name in ("server", "services"):
        variables = SERVICES[name]["environment"]
        assert variables["PREFECT_SERVER_DOCKET_URL"].startswith(
            "redis://:{PREFECT_REDIS_MESSAGING_PASSWORD}@"
        )


def test_finished_runs_do_not_stay_for_ever() -> None:
    """In any server of ours; Prefect's default removes old events only."""
    name, wanted = "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED", "events,flow_runs"
    platform = (PROJECT / "terraform/platform/services.tf").read_text(encoding="utf-8")
    local = inspect.getsource(specs)
    assert SERVICES["services"]["environment"][name] == wanted
    assert f'{name} = "{wanted}"' in platform
    assert f'"{name}": "{wanted}"' in local
    assert ServerServicesDBVacuumSettings(enabled=wanted).enabled_vacuum_types >= {"flow_runs", "events"}


def test_one_process_migrates() -> None:
    """The background services bring the database up to date; the server waits for them."""
    assert SERVICES["server"]["environment"]["PREFECT_SERVER_DATABASE_MIGRATE_ON_START"] == "false"
    assert SERVICES["server"]["depends_on"]["services"]["condition"] == "service_healthy"
    assert "--migrate" in SERVICES["services"]["entrypoint"]
