"""What is said about applications that nobody here has seen, before anything of them is built."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sample_checkouts import DAPHNE, FIRST, PACKAGED, SAMPLES, SILENT, STARTED, UWSGI, after, write

from pipeline.checkout.check import judge, merged
from pipeline.checkout.files import read_checkout
from pipeline.checkout.model import Checkout, CheckoutError, CheckoutFinding

SEVERAL = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


def judged(files: Mapping[str, str], **changed: str) -> tuple[CheckoutFinding, ...]:
    """Judge a checkout; ``changed`` are Dockerfile and settings that it has instead."""
    own = {
        "dockerfile": "Dockerfile",
        "settings": next(name for name in files if name.endswith("settings.py")),
    }
    return judge(Checkout({**files, **{own[key]: text for key, text in changed.items()}}))


def told(findings: tuple[CheckoutFinding, ...], subject: str) -> str:
    """Return what is said about a subject."""
    return "\n".join(f"{item.ruling}: {item.text}" for item in findings if item.subject == subject)


def set_for(findings: tuple[CheckoutFinding, ...], *keys: str) -> object:
    """Return a setting that the findings ask for."""
    found: object = merged(findings)
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found


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
        (
            "uwsgi",
            "requirements",
            "requirements/base.txt demands Django==5.1, and requirements/production.txt",
        ),
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
    """The findings of one application are not those of another; development's requirements are nobody's."""
    packaged, uwsgi = judge(Checkout(PACKAGED)), judge(Checkout(UWSGI))
    assert told(packaged, "requirements") == told(packaged, "Redis") == told(packaged, "static files") == ""
    assert "development" not in told(uwsgi, "requirements")
    assert told(judge(Checkout(SILENT)), "migrations") == ""
    assert "keeps SIGTERM" not in told(judge(Checkout(DAPHNE)), "start")


LINE = 'DATABASES["default"]["NAME"] = '


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            'os.environ.get("DATABASE_PATH") or BASE_DIR / "x"',
            "configure: Database 'default' is /data/db.sqlite3",
        ),
        (
            'Path(os.environ.get("DATA_PATH", BASE_DIR)) / "a.db"',
            "configure: Database 'default' is /data/a.db",
        ),
        (
            '"/var/lib/shop/a.db"',
            "configure: Database 'default' is /var/lib/shop/a.db, in a folder of its own",
        ),
        ('"relative.db"', "change: Database 'default' is /app/relative.db, beside the code"),
        ('":memory:"', "change: Database 'default' is in memory"),
        ('"/tmp/a.db"', "beside the code"),
        ('"/data/a b.db"', "change: The path of 'default' has blanks"),
        ('os.environ.get("DB", str(BASE_DIR))', "configure: The file of 'default' is what DB says"),
        ("something()", "unknown: The file of 'default' cannot be told"),
        ('f"{BASE_DIR}/../other.db"', "beside the code"),
        (
            '"/efs" / "a.db" if os.environ.get("AWS") else BASE_DIR / "var" / "a.db"',
            "is /app/var/a.db, in a folder",
        ),
        ('file if (file := os.environ.get("DB")) else "/data/b.db"', "is /data/b.db"),
        ("BASE_DIR.parent.joinpath('a.db')", "beside the code"),
    ],
)
def test_where_a_database_is(line: str, expected: str) -> None:
    """A path is followed through what settings do with it."""
    text = f"import os\n{STARTED['shop/settings.py']}\n{LINE}{line}\n"
    assert expected in told(judged(STARTED, settings=text), "database")


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (
            '{"ENGINE": "django.db.backends.postgresql"}',
            "change: Database 'default' is postgres's, and no driver",
        ),
        ('{"ENGINE": "django.db.backends.oracle"}', "configure: Database 'default' is a server's"),
        ('{"ENGINE": unknown()}', "unknown: The engine of 'default'"),
        ("unknown()", "unknown: Database 'default' cannot be told"),
        ('dj_database_url.parse("sqlite:////data/x.db")', "configure: Database 'default' is /data/x.db"),
        ('env.db("URL", default=f"sqlite:///{BASE_DIR}/a.db")', "is where URL says; else by its default"),
        ('{"ENGINE": "sqlite3", "NAME": "/data/a.db"} if os.name else {"ENGINE": "oracle"}', "unknown: "),
    ],
)
def test_which_database_it_is(entry: str, expected: str) -> None:
    """Engines are told apart, and what cannot be told is said."""
    text = f'{STARTED["shop/settings.py"]}\nDATABASES = {{"default": {entry}}}\n'
    assert expected in told(judged(STARTED, settings=text), "database")


@pytest.mark.parametrize(
    ("dockerfile", "subject", "expected"),
    [
        ("", "image", "change: Dockerfile has no FROM"),
        ("FROM a\nUSER nobody\nCMD x", "user", "unknown: USER nobody is not made"),
        ("FROM a\nRUN adduser -u 7 me\nUSER me\nCMD x", "user", "configure: Runs as me, who is to own"),
        ("FROM a\nCMD x", "start", "unknown: No known server"),
        (
            "FROM a\nCMD python manage.py runserver 0.0.0.0:80",
            "start",
            "change: runserver is Django's server",
        ),
        ("FROM a\nCMD python manage.py runserver 80", "port", "change: runserver listens on the loopback"),
        ("FROM a\nCMD uvicorn shop.asgi", "port", "change: uvicorn listens on the loopback address"),
        (
            "FROM a\nCMD uvicorn shop.asgi --host 0.0.0.0 --port 81",
            "port",
            "configure: The server listens on 81",
        ),
        ("FROM a\nENV PORT=9\nCMD gunicorn shop.wsgi", "port", "configure: The server listens on 8000"),
        ("FROM a\nCMD gunicorn -b unix:/run/a shop.wsgi", "port", "change: gunicorn listens for unix"),
        ("FROM a\nCMD gunicorn --bind=:$PORT shop.wsgi", "port", "configure: The server listens on 8000"),
        ("FROM a\nCMD cd x && gunicorn shop.wsgi", "start", "change: A shell starts the server"),
        ("FROM a\nCMD cd x && exec gunicorn shop.wsgi", "start", ""),
        ("FROM a\nHEALTHCHECK CMD x", "image", "fits: ECS ignores HEALTHCHECK"),
        ("FROM a\nVOLUME /media", "image", "unknown: VOLUME /media outlives no task"),
        ("FROM a\nENV UWSGI_HTTP=:3031\nCMD uwsgi", "port", "configure: The server listens on 3031"),
        (
            "FROM a\nENV GUNICORN_CMD_ARGS='-b :7001'\nCMD gunicorn x",
            "port",
            "configure: The server listens on 7001",
        ),
        ("FROM a AS b\nRUN pip wheel gunicorn\nFROM c\nCMD gunicorn x", "requirements", ""),
        ("FROM a AS b\nFROM b\nEXPOSE 5000 6000/udp", "port", "configure: The server listens on 5000"),
    ],
)
def test_what_a_dockerfile_tells(dockerfile: str, subject: str, expected: str) -> None:
    """Both forms of commands, servers with and without an address, users that are made or not."""
    assert expected in told(judged(STARTED, dockerfile=dockerfile), subject)


def test_a_virtual_environment_has_its_own_python() -> None:
    """Management commands need the packages that the server has."""
    own = judged(STARTED, dockerfile='FROM a\nCOPY . .\nCMD ["/venv/bin/gunicorn", "shop.wsgi"]')
    path = judged(
        STARTED, dockerfile='FROM a\nENV PATH=/venv/bin:$PATH\nCMD ["/venv/bin/gunicorn", "shop.wsgi"]'
    )
    assert set_for(own, "django", "manage") == ["/venv/bin/python", "manage.py"]
    assert set_for(path, "django", "manage") is None


@pytest.mark.parametrize(
    ("line", "subject", "expected"),
    [
        ('DEBUG = env("DEBUG", default=True, cast=bool)', "settings", "fits"),
        (
            'ALLOWED_HOSTS = list(map(str.strip, os.getenv("ALLOWED_HOSTS", "").split(",")))',
            "allowed hosts",
            "fits",
        ),
        (
            'ALLOWED_HOSTS = env("HOSTS").split(" ")',
            "allowed hosts",
            "configure: ALLOWED_HOSTS is taken from HOSTS",
        ),
        ("ALLOWED_HOSTS = hosts()", "allowed hosts", "unknown"),
        (
            'import os\nif "A_KEY" in os.environ:\n    A = os.environ["A_KEY"]',
            "secrets",
            "change: SECRET_KEY stands",
        ),
        ('import os\nA = os.environ["A_KEY"]', "secrets", "configure: The code demands A_KEY"),
        (
            'CACHES = {"default": {"LOCATION": "redis://cache:6379"}}',
            "Redis",
            "change: CACHES: on the host 'cache'",
        ),
        (
            'SECURE_SSL_REDIRECT = True\nSECURE_REDIRECT_EXEMPT = ["^health"]',
            "TLS",
            "without SECURE_PROXY_SSL_HEADER",
        ),
        ("(((", "settings", "unknown: shop/settings.py is no Python"),
        ('MIDDLEWARE = ["shop.middle.Health"]', "health", "configure: A middleware looks like it"),
    ],
)
def test_what_settings_tell(line: str, subject: str, expected: str) -> None:
    """Helpers of every kind are read; what a condition may leave out is not demanded."""
    middle = {"shop/middle.py": 'class Health:\n    path = "/livez"\n'}
    text = f"{STARTED['shop/settings.py']}\n{line}\n".replace("DEBUG = True", "DEBUG = False")
    dockerfile = f"{STARTED['Dockerfile']}ENV DEBUG=false\n"
    assert expected in told(judged({**STARTED, **middle}, settings=text, dockerfile=dockerfile), subject)


def test_a_script_starts_what_has_no_command() -> None:
    """The command that somebody else gives is found; its development server is not taken for the real one."""
    script = "#!/bin/sh\nif x; then\n  exec gunicorn -b :7777 shop.wsgi\n"
    script += "else\n  exec python manage.py runserver\nfi\n"
    found = judged({**STARTED, "run/start.sh": script}, dockerfile="FROM a\nWORKDIR /app\nCOPY . .")
    assert set_for(found, "container", "command") == ["/app/run/start.sh"]
    assert set_for(found, "container_port") == 7777
    assert "runserver" not in told(found, "start")


def test_a_merge_is_one_end() -> None:
    """Two branches of migrations that were merged are in order."""
    files = {**DAPHNE, "rooms/migrations/0003_merge.py": after("rooms", "0002_a", "0002_b")}
    assert "last migrations" not in told(judge(Checkout(files)), "migrations")
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


NAMES = sorted({(sample, name) for sample, files in SAMPLES.items() for name in files})


@SEVERAL
@given(st.sampled_from(NAMES), st.data())
def test_any_bytes_give_findings(tmp_path: Path, place: tuple[str, str], data: st.DataObject) -> None:
    """A malformed file is no reason to stop: whatever it holds, the rest is judged."""
    sample, name = place
    own = SAMPLES[sample][name].encode()
    start = data.draw(st.integers(0, len(own)))
    middle = data.draw(
        st.binary(max_size=40) | st.sampled_from([b"(" * 300, b"[\n", b"'\\ud800'", b"\r\n", b"${", b"$("])
    )
    write(tmp_path, SAMPLES[sample])
    (tmp_path / name).write_bytes(own[:start] + middle + own[start + data.draw(st.integers(0, 9)) :])
    try:
        found = judge(read_checkout(tmp_path))
    except CheckoutError:
        found = ()  # a wsgi.py alone that no longer names Django
    assert all(item.text for item in found)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            path.unlink()
