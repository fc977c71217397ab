"""The compose file: who runs as whom, with which secrets, and what can be reached."""

from typing import Any

import pytest
import yaml

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


def test_only_this_host_reaches_it() -> None:
    """Ports are published on the loopback address; database and messages have none and no way out."""
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(published) == {"server", "webhook"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)
    assert DOCUMENT["networks"]["inside"]["internal"] is True
    assert SERVICES["database"]["networks"] == SERVICES["messages"]["networks"] == ["inside"]


def test_one_process_migrates() -> None:
    """The background services bring the database up to date; the server waits for them."""
    assert SERVICES["server"]["environment"]["PREFECT_SERVER_DATABASE_MIGRATE_ON_START"] == "false"
    assert SERVICES["server"]["depends_on"]["services"]["condition"] == "service_healthy"
    assert "--migrate" in SERVICES["services"]["entrypoint"]
