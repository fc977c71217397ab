"""The sample application: built as the pipeline builds it, its own tests, and drills in real containers."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from docker.models.containers import Container

from deployments.base_image import ensure_base_image
from pipeline.image import BuildRequest, build_image, connect
from pipeline.source import resolve_source

pytestmark = [pytest.mark.docker, pytest.mark.timeout(900)]
_FOLDER = Path(__file__).parents[2] / "examples" / "vimbiso-pay"
_IMAGE = "vimbiso/sample-test:latest"

Start = Callable[..., Container]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The application's image."""
    source = resolve_source(str(_FOLDER), cache=tmp_path_factory.mktemp("cache"))
    with closing(connect()) as client:
        arguments = {"BASE_IMAGE": ensure_base_image(client=client), "RELEASE": "r1"}
        yield build_image(client, BuildRequest(source.path, _IMAGE, arguments=arguments)).image
        client.images.remove(_IMAGE, force=True)


@pytest.fixture
def start(image: str) -> Iterator[Start]:
    """Start a container of the image; all are removed after the test, before the volume is."""
    client, started = connect(), list[Container]()

    def run(*command: str, variables: dict[str, str] | None = None, **options: Any) -> Container:
        environment = {"DJANGO_SECRET": "only-for-tests", **(variables or {})}
        container: Container = client.containers.run(
            image, [*command] or None, environment=environment, detach=True, **options
        )
        started.append(container)
        return container

    yield run
    for container in started:
        container.remove(force=True, v=True)
    client.close()


@pytest.fixture
def volume() -> Iterator[str]:
    """A data volume; new volumes take the owner that the image gives the folder."""
    with closing(connect()) as client:
        made = client.volumes.create()
        yield str(made.id)
        made.remove(force=True)


def _ended(container: Container) -> tuple[int, str]:
    code = container.wait(timeout=120)["StatusCode"]
    return code, container.logs().decode()


def _health(container: Container) -> httpx.Response:
    """Ask until something answers; the address isn't in ALLOWED_HOSTS, as behind a load balancer."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        container.reload()
        address = next(iter(container.attrs["NetworkSettings"]["Networks"].values()))["IPAddress"]
        try:
            return httpx.get(f"http://{address}:8000/health/", timeout=5)
        except httpx.HTTPError:
            time.sleep(0.1)
    pytest.fail(f"no answer: {container.logs().decode()}")


def test_its_own_tests(start: Start) -> None:
    """The application's tests pass in its image, where its dependencies are."""
    mount = {str(_FOLDER): {"bind": "/app", "mode": "ro"}}
    code, output = _ended(start("python", "manage.py", "test", volumes=mount))
    assert code == 0, output
    assert "Ran 12 tests" in output


def test_migrate_and_serve(volume: str, start: Start) -> None:
    """Before the migration health says what is missing; after it all is well, as the user 10001."""
    mount = {volume: {"bind": "/data", "mode": "rw"}}
    server = start(volumes=mount)
    before = _health(server)
    assert (before.status_code, before.json()["migrations"]) == (503, "pending")
    assert "python manage.py migrate" in before.json()["message"]
    code, output = _ended(start("python", "manage.py", "migrate", volumes=mount))
    assert code == 0, output
    after = _health(server)
    assert (after.status_code, after.json()["status"], after.json()["release"]) == (200, "ok", "r1")
    assert server.exec_run("id -u").output.strip() == b"10001"
    assert server.exec_run("python healthcheck.py").exit_code == 0
    code, output = _ended(start("python", "manage.py", "migrate", "--check", volumes=mount))
    assert code == 0, output


def test_stops_gracefully(start: Start) -> None:
    """SIGTERM ends the server at once and well: ECS would wait 30 s, then kill it."""
    server = start()
    _health(server)
    began = time.monotonic()
    server.stop(timeout=30)
    assert time.monotonic() - began < 10
    assert server.wait()["StatusCode"] == 0


def test_drill_health(start: Start) -> None:
    """FAULT=health-500 makes a release that runs and is never well."""
    assert _health(start(variables={"FAULT": "health-500"})).status_code == 500


@pytest.mark.parametrize(
    ("command", "variables", "reason"),
    [
        ((), {"FAULT": "crash"}, "FAULT=crash"),
        (("python", "manage.py", "migrate"), {"FAULT": "migrate"}, "FAULT=migrate"),
        ((), {"DJANGO_SECRET": ""}, "DJANGO_SECRET is not set"),
    ],
)
def test_ends_with_a_reason(
    start: Start, command: tuple[str, ...], variables: dict[str, str], reason: str
) -> None:
    """Drills and a missing secret end the container with an exit code and the reason in its log."""
    found, output = _ended(start(*command, variables=variables))
    # Gunicorn ends with 3, or with 1 when its second worker dies while it is about to end.
    assert found in {1, 3}, output
    assert reason in output
