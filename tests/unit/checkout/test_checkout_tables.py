"""Single lines of settings and Dockerfiles, and what each of them means."""

import re
import tomllib

import pytest
from sample_checkouts import STARTED, judged, set_for, told

from deployments.paths import PROJECT

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
        ('"/tmp/a.db"', "change: Database 'default' is /tmp/a.db, inside the container"),
        ('"/data/a b.db"', "change: The path of 'default' has blanks"),
        ('os.environ.get("DB", str(BASE_DIR))', "configure: The file of 'default' is what DB says"),
        ("something()", "unknown: The file of 'default' cannot be told"),
        ('f"{BASE_DIR}/../other.db"', "beside the code"),
        (
            '"/efs" / "a.db" if os.environ.get("AWS") else BASE_DIR / "var" / "a.db"',
            "is /app/var/a.db, in a folder",
        ),
        ('file if (file := os.environ.get("DB")) else "/data/b.db"', "is /data/b.db"),
        ("BASE_DIR.parent.joinpath('a.db')", "change: Database 'default' is ../a.db, beside the code"),
        (
            "BASE_DIR.parent / 'var' / 'x' / 'a.db'",
            "configure: Database 'default' is /var/x/a.db, in a folder",
        ),
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
        (f"FROM a\nCMD gunicorn -b :{'9' * 5000} x", "port", "configure"),
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


def test_two_databases_share_the_one_data_volume() -> None:
    """A folder of one's own is no way out for the second: there is one data volume."""
    other = 'DATABASES["other"] = {"ENGINE": "sqlite3", "NAME": BASE_DIR / "var" / "b.db"}'
    found = judged(STARTED, settings=f"{STARTED['shop/settings.py']}\n{other}\n")
    assert set_for(found, "data") == {"databases": ["/data/db.sqlite3", "/data/other.sqlite3"]}
    assert "change: Database 'other' is var/b.db" in told(found, "database")


def test_a_virtual_environment_has_its_own_python() -> None:
    """Management commands need the packages that the server has."""
    own = judged(STARTED, dockerfile='FROM a\nCOPY . .\nCMD ["/venv/bin/gunicorn", "shop.wsgi"]')
    path = judged(
        STARTED, dockerfile='FROM a\nENV PATH=/venv/bin:$PATH\nCMD ["/venv/bin/gunicorn", "shop.wsgi"]'
    )
    assert set_for(own, "django", "manage") == ["/venv/bin/python", "manage.py"]
    home = judged(STARTED, dockerfile="FROM a\nENV HOME=/h\nWORKDIR /h\nCOPY . $HOME/x\nCMD gunicorn x")
    assert set_for(home, "django", "manage") == ["python", "x/manage.py"]
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
        ("ALLOWED_HOSTS = 5", "allowed hosts", "change"),
        ("x = Path('a')\n" + "x = x / x\n" * 50 + "y = [x, x]\n" + "y = [y, y]\n" * 50, "health", "change"),
        ("y = []\n" + "y = [y, y]\n" * 50 + "DATABASES = {'default': {'ENGINE': y}}", "database", "unknown"),
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


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("Pipfile", '[packages]\ngunicorn = "*"\n'),
        ("pyproject.toml", '[dependency-groups]\nweb = ["gunicorn>=20"]\n'),
        ("pyproject.toml", '[project]\ndependencies = ["Gunicorn[gevent]"]\n'),
        ("requirements.txt", "-r other.in\ngunicorn==23 # serves\n"),
    ],
)
def test_packages_are_read_wherever_they_are_named(file: str, text: str) -> None:
    """Each of these has the server, so that nothing is missing."""
    assert told(judged({**STARTED, file: text}), "requirements") == ""
    assert "gunicorn, which is in no file" in told(
        judged({**STARTED, file: text.replace("unicorn", "one")}), "requirements"
    )


def test_settings_that_nobody_names_are_not_those_of_a_folder() -> None:
    """Without a name there is no module, also where the folder of sources is a package."""
    unnamed = {
        "manage.py": "import django",
        "shop/wsgi.py": "import django",
        "src/__init__.py": "DEBUG = True",
    }
    found = told(judged({**STARTED, **unnamed}), "settings")
    assert found == "unknown: Nothing names the settings module. The first deployment tells."


def test_every_rule_can_be_found() -> None:
    """A rule that no code names is never said; a name without a rule would end a check."""
    folder = PROJECT / "deployments/checkout"
    code = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    named = set(re.findall(r'"([a-z]+(?:-[a-z]+)*)"', code))
    subjects = tomllib.loads((folder / "rules.toml").read_text(encoding="utf-8"))
    rules = [name for subject in subjects.values() for name in subject]
    assert len(rules) == len(set(rules))
    assert set(rules) <= named
    assert set(re.findall(r'find\("([\w-]+)"', code)) <= set(rules)
