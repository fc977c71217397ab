"""The sample application: built as the pipeline builds it, its own tests, and drills in real containers."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from docker.models.containers import Container

from deployments.local.base_image import ensure_base_image
from pipeline.image.build import build_image
from pipeline.image.engine import connect
from pipeline.image.request import BuildRequest
from pipeline.migrations.model import Survey, irreversible, read_survey, survey_command
from pipeline.source.resolve import resolve_source

pytestmark = [pytest.mark.docker, pytest.mark.timeout(900)]
SURVEY = survey_command(("python", "manage.py"))
_FOLDER = Path(__file__).parents[3] / "examples" / "vimbiso-pay"
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
    assert "Ran 13 tests" in output


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


_MIGRATION = """
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("ledger", "{after}")]
    {body}
"""
_NOTHING = "migrations.RunPython(lambda apps, editor: None{})"
_ADDED = "migrations.AddField('entry', '{0}', models.IntegerField({1}))"
_LATER = {
    "0002_harmless": "operations = ["
    f"{_ADDED.format('maybe', 'null=True')}, {_ADDED.format('filled', 'db_default=1')}, "
    "migrations.CreateModel('Tag', [('id', models.BigAutoField(primary_key=True))]), "
    "migrations.AddField('entry', 'tags', models.ManyToManyField('ledger.tag')), "
    f"{_NOTHING.format(', migrations.RunPython.noop')}]",
    "0003_required": f"operations = [{_ADDED.format('must', 'default=1')}]",
    "0004_no_way_back": f"operations = [{_NOTHING.format('')}]",
    "0005_hidden": "operations = [migrations.SeparateDatabaseAndState("
    "database_operations=[migrations.RunSQL('SELECT 1')], state_operations=[])]",
    "0006_state_only": "operations = [migrations.SeparateDatabaseAndState("
    "state_operations=[migrations.RemoveField('entry', 'must')])]",
    "0007_marked": "irreversible = True",
    "0008_vouched_for": "irreversible = False; operations = [migrations.RemoveField('entry', 'note')]",
    "0009_own_class": "Own = type('Own', (migrations.DeleteModel,), {}); operations = ["
    "migrations.RemoveField('entry', 'tags'), Own('Tag')]",
}


def _written(folder: Path, **migrations: str) -> dict[str, dict[str, str]]:
    """Write migrations after the application's own; return the mount that puts them into its image."""
    after = "0001_initial"
    shutil.copytree(_FOLDER / "ledger/migrations", folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name, body in migrations.items():
        (folder / f"{name}.py").write_text(_MIGRATION.format(after=after, body=body))
        after = name
    return {str(folder): {"bind": "/app/ledger/migrations", "mode": "ro"}}


def test_django_tells_which_migrations_are_pending(volume: str, start: Start, tmp_path: Path) -> None:
    """Each kind of operation is told as what it is; after `migrate` nothing is pending."""
    data = {volume: {"bind": "/data", "mode": "rw"}}
    mounts = data | _written(tmp_path / "later", **_LATER)

    def asked() -> Survey:
        code, output = _ended(start(*SURVEY, volumes=mounts))
        assert code == 0, output
        return read_survey(output.splitlines())

    survey = asked()
    (database,) = survey.databases
    assert (database.path, database.mount, database.exists) == ("/data/db.sqlite3", "/data", False)
    pending = survey.pending
    assert [item.label for item in pending] == [f"ledger.{name}" for name in ("0001_initial", *_LATER)]
    reasons = {label.removeprefix("ledger."): why for label, why in irreversible(pending).items()}
    assert reasons == {
        "0003_required": "Add field must to entry: NOT NULL without db_default, "
        "which the release before does not fill in",
        "0004_no_way_back": "Raw Python operation: cannot be reversed",
        "0005_hidden": "Raw SQL operation: cannot be reversed",
        "0007_marked": "marked irreversible = True",
        "0009_own_class": "Remove field tags from entry: takes away what the release before uses",
    }
    assert [item.kind for item in pending[-1].operations] == ["RemoveField", "DeleteModel"]
    code, output = _ended(start("python", "manage.py", "migrate", volumes=mounts))
    assert code == 0, output
    assert (asked().pending, asked().databases[0].exists) == ((), True)


def test_a_squashed_migration_is_pending_until_it_is_noted(volume: str, start: Start, tmp_path: Path) -> None:
    """Only `migrate` notes it; without, it would run again as soon as its parts are removed."""
    data = {volume: {"bind": "/data", "mode": "rw"}}
    parts = {"0002_a": "operations = []", "0003_b": "operations = []"}
    code, output = _ended(
        start("python", "manage.py", "migrate", volumes=data | _written(tmp_path / "parts", **parts))
    )
    assert code == 0, output
    squashed = "replaces = [('ledger', '0002_a'), ('ledger', '0003_b')]; operations = []"
    mounts = data | _written(tmp_path / "both", **parts, **{"0002_squashed": squashed})
    text = (tmp_path / "both/0002_squashed.py").read_text().replace('0003_b")]', '0001_initial")]', 1)
    (tmp_path / "both/0002_squashed.py").write_text(text)
    found = []
    for command in (SURVEY, ("python", "manage.py", "migrate"), SURVEY):
        code, output = _ended(start(*command, volumes=mounts))
        assert code == 0, output
        found.append(output.splitlines())
    assert [item.label for item in read_survey(found[0]).pending] == ["ledger.0002_squashed"]
    assert read_survey(found[2]).pending == ()


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
