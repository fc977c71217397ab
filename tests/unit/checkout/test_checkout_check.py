"""What is said about applications that nobody here has seen, before anything of them is built."""

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from sample_checkouts import (
    DAPHNE,
    FIRST,
    PACKAGED,
    SAMPLES,
    SILENT,
    STARTED,
    UWSGI,
    after,
    damaged_checkouts,
    set_for,
    told,
    write,
)

from deployments.checkout.check import judge, merged
from deployments.checkout.files import read_checkout
from deployments.checkout.folder import application_file, local_table
from deployments.checkout.model import Checkout, CheckoutError
from pipeline.environment.loader import load_environments

SEVERAL = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize(
    ("name", "subject", "expected"),
    [
        ("started", "database", "change: Database 'default' is db.sqlite3, beside the code"),
        ("started", "requirements", "change: The container starts gunicorn, which is in no file"),
        ("started", "port", "change: gunicorn listens on the loopback address"),
        ("started", "allowed hosts", "change: ALLOWED_HOSTS refuses the load balancer's checks"),
        ("started", "settings", "change: DEBUG is on"),
        ("started", "health", "change: No route looks like a health page"),
        ("started", "secrets", "change: SECRET_KEY stands in the code"),
        ("started", "migrations", "change: orders/models.py has models and no migrations"),
        ("started", "static files", "change: Nothing collects them"),
        ("started", ".dockerignore", "change: COPY takes db.sqlite3 into the image"),
        ("packaged", "TLS", "change: SECURE_SSL_REDIRECT without SECURE_PROXY_SSL_HEADER"),
        ("packaged", "database", "configure: Database 'default' is a server's, by DATABASE_URL"),
        ("packaged", "settings", "configure: The server takes config.settings.production"),
        ("packaged", "user", "unknown: Runs as shop: give it a number"),
        ("uwsgi", "database", "configure: Database 'default' is /code/var/main.db, in a folder of its own"),
        ("uwsgi", "database", "change: Write-ahead logging"),
        ("uwsgi", "start", "change: uWSGI takes SIGTERM for a reload"),
        ("uwsgi", "allowed hosts", "fits: ALLOWED_HOSTS lets"),
        ("daphne", "start", "change: docker/entrypoint.sh has carriage returns"),
        ("daphne", "start", "change: docker/entrypoint.sh is started and not executable"),
        ("daphne", "migrations", "change: rooms has 2 last migrations (0002_a, 0002_b)"),
        ("daphne", "migrations", "configure: Its start runs `migrate`"),
        ("daphne", "image", "configure: Its base image is chosen by BASE, without a default"),
        ("daphne", "Redis", "configure: CHANNEL_LAYERS: on localhost"),
        ("daphne", "Celery", "unknown: Celery's workers are not started"),
        ("silent", "start", "configure: The image has no command of its own"),
        ("silent", "database", "configure: Database 'default' is where DATABASE_URL says"),
    ],
)
def test_what_is_found(name: str, subject: str, expected: str) -> None:
    """Each application's peculiarity is named, under the right heading."""
    assert expected in told(judge(Checkout(SAMPLES[name])), subject)


@pytest.mark.parametrize(
    ("name", "keys", "expected"),
    [
        ("started", ("data", "databases"), ["/data/db.sqlite3"]),
        ("packaged", ("django",), {"manage": ["poetry", "run", "python", "manage.py"],
                                   "settings_module": "config.settings.production"}),
        ("packaged", ("secret_keys",), ["DATABASE_URL", "SECRET_KEY"]),
        ("packaged", ("variables",), {"DJANGO_ALLOWED_HOSTS": "*"}),
        ("packaged", ("container_port",), 9000),
        ("packaged", ("health_path",), "/api/healthz"),
        ("packaged", ("data", "databases"), []),
        ("uwsgi", ("data",), {"path": "/code/var", "databases": ["/code/var/main.db"]}),
        ("uwsgi", ("django", "manage"), ["python3", "manage.py"]),
        ("uwsgi", ("container", "user"), "999"),
        ("uwsgi", ("container_port",), 7000),
        ("uwsgi", ("health_path",), "/status/"),
        ("daphne", ("container_port",), 8001),
        ("daphne", ("django", "migrated_by"), "application"),
        ("daphne", ("variables", "CHAT_DATA"), "/data"),
        ("daphne", ("container", "depends_on"), {"redis": "HEALTHY"}),
        ("daphne", ("health_path",), "/admin/login/"),
        ("silent", ("source",), {"context": "backend"}),
        ("silent", ("container", "command"), ["gunicorn", "--bind", "0.0.0.0:3000", "api.wsgi"]),
        ("silent", ("health_path",), "/up"),
    ],
)  # fmt: skip
def test_what_is_to_be_configured(name: str, keys: tuple[str, ...], expected: object) -> None:
    """The lines for environments.toml are those that this application needs."""
    assert set_for(judge(Checkout(SAMPLES[name])), *keys) == expected


def test_what_demands_nothing() -> None:
    """The findings of one application are not those of another."""
    packaged, uwsgi = judge(Checkout(PACKAGED)), judge(Checkout(UWSGI))
    assert told(packaged, "requirements") == told(packaged, "Redis") == told(packaged, "static files") == ""
    assert told(uwsgi, "requirements") == ""
    assert told(judge(Checkout(SILENT)), "migrations") == ""
    assert "keeps SIGTERM" not in told(judge(Checkout(DAPHNE)), "start")


def test_a_merge_is_one_end() -> None:
    """Two branches of migrations that were merged are in order; a file that cannot be read is named."""
    files = {**DAPHNE, "rooms/migrations/0003_merge.py": after("rooms", "0002_a", "0002_b")}
    assert "last migrations" not in told(judge(Checkout(files)), "migrations")
    broken = {**DAPHNE, "rooms/migrations/0002_b.py": "class ("}
    assert "change: rooms/migrations/0002_b.py is no Python" in told(judge(Checkout(broken)), "migrations")
    alone = {**STARTED, "orders/migrations/0001_initial.py": FIRST}
    assert told(judge(Checkout(alone)), "migrations").startswith("fits")


def test_files_are_read(tmp_path: Path) -> None:
    """Links out of the checkout, virtual environments and git's own files are left out."""
    write(tmp_path / "app", {**STARTED, ".git/config": "", "env/pyvenv.cfg": "", "env/x.py": ""})
    (tmp_path / "secret").write_text("no")
    (tmp_path / "app/link.txt").symlink_to(tmp_path / "secret")
    assert set(read_checkout(tmp_path / "app").files) == set(STARTED)


@pytest.mark.parametrize("files", [{}, {"README": ""}, {"shop/wsgi.py": "import flask"}])
def test_no_checkout_is_refused(tmp_path: Path, files: dict[str, str]) -> None:
    """A folder without Django is named as such."""
    with pytest.raises(CheckoutError, match="no Django checkout: there is no manage"):
        read_checkout(write(tmp_path, files))
    with pytest.raises(CheckoutError, match="is no folder"):
        read_checkout(tmp_path / "missing")


@SEVERAL
@given(damaged_checkouts())
def test_any_bytes_give_findings(tmp_path: Path, files: dict[str, bytes]) -> None:
    """A malformed file stops nothing: the rest is judged, and what comes of it can be loaded."""
    folder = tmp_path / "app"
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    try:
        found = judge(read_checkout(folder))
    except CheckoutError:
        found = ()  # a wsgi.py alone that no longer names Django
    shutil.rmtree(folder)
    assert all(item.text for item in found)
    settings = {"health_path": "/", "container_port": 8000, "region": "eu-west-1", **merged(found)}
    text = application_file("shop", settings, {"local": local_table("shop", "x", {})}, [])
    (tmp_path / "environments.toml").write_text(text, encoding="utf-8")
    assert set(load_environments(tmp_path / "environments.toml", {})) == {"local"}
