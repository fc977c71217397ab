"""Checkouts of applications that are unlike the sample of this project, and unlike each other."""

from collections.abc import Mapping
from pathlib import Path

from hypothesis import strategies as st

from deployments.checkout.check import judge, merged
from deployments.checkout.model import Checkout, CheckoutFinding

MANAGE = """import os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "{module}")
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
"""
WSGI = """import os
from django.core.wsgi import get_wsgi_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "{module}")
application = get_wsgi_application()
"""
MODELS = "from django.db import models\nclass Order(models.Model):\n    total = models.IntegerField()\n"
FIRST = "class Migration:\n    dependencies = []\n"


def after(label: str, *names: str) -> str:
    """Return a migration that depends on others."""
    return f"class Migration:\n    dependencies = {[(label, name) for name in names]!r}\n"


STARTED = {  # what `startproject` makes
    "manage.py": MANAGE.format(module="shop.settings"),
    "shop/__init__.py": "",
    "shop/wsgi.py": WSGI.format(module="shop.settings"),
    "shop/urls.py": "from django.urls import path\nurlpatterns = []\n",
    "shop/settings.py": """
from pathlib import Path
BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = "django-insecure-abc"
DEBUG = True
ALLOWED_HOSTS = []
ROOT_URLCONF = "shop.urls"
INSTALLED_APPS = ["django.contrib.staticfiles", "orders"]
STATIC_ROOT = BASE_DIR / "static"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}}
""",
    "orders/models.py": MODELS,
    "db.sqlite3": "SQLite",
    "requirements.txt": "Django==5.1\n",
    "Dockerfile": """FROM python:3.12-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY . .
EXPOSE 8000
CMD gunicorn --bind 127.0.0.1:8000 shop.wsgi
""",
}
PACKAGED = {  # a package of settings, Poetry, PostgreSQL by URL, several stages
    "manage.py": MANAGE.format(module="config.settings.local"),
    "config/__init__.py": "",
    "config/wsgi.py": WSGI.format(module="config.settings.production"),
    "config/urls.py": 'urlpatterns = [path("api/", include("core.urls")), path("admin/", admin.site.urls)]\n',
    "core/urls.py": 'urlpatterns = [path("healthz", views.health), path("orders/<int:pk>/", views.order)]\n',
    "config/settings/__init__.py": "",
    "config/settings/base.py": """
import environ
env = environ.Env(DEBUG=(bool, False))
BASE_DIR = environ.Path(__file__) - 3
SECRET_KEY = env("SECRET_KEY")
DEBUG = env("DEBUG")
MAILER = env("MAIL_HOST")
ALLOWED_HOSTS = []
ROOT_URLCONF = "config.urls"
""",
    "config/settings/local.py": """from .base import *
DATABASES = {"default": {"ENGINE": "sqlite3", "NAME": "x"}}
""",
    "config/settings/production.py": """
from .base import *
ALLOWED_HOSTS = env.list("DJANGO_ALLOWED_HOSTS")
DATABASES = {"default": env.db("DATABASE_URL")}
SECURE_SSL_REDIRECT = env.bool("DJANGO_SECURE_SSL_REDIRECT", default=True)
""",
    "pyproject.toml": """
[tool.poetry.dependencies]
python = "^3.12"
django = "^5"
gunicorn = "*"
psycopg = {extras = ["binary"], version = "^3"}
""",
    "Dockerfile": """# syntax=docker/dockerfile:1
FROM python:3.12 AS build
RUN <<EOF
CMD ["none"]
EOF
WORKDIR /srv/shop
COPY . .
FROM python:3.12-slim AS run
RUN groupadd shop && \\
    useradd --gid shop shop
COPY --from=build /srv/shop /srv/shop
WORKDIR /srv/shop
USER shop
CMD ["poetry", "run", "gunicorn", "-b", "0.0.0.0:9000", "config.wsgi"]
""",
}
UWSGI = {  # src/, uwsgi by a file, a number as user, a database in a folder of its own
    "src/manage.py": MANAGE.format(module="web.settings"),
    "src/web/wsgi.py": WSGI.format(module="web.settings"),
    "src/web/urls.py": 'urlpatterns = [re_path(r"^status/$", view)]\n',
    "src/web/settings.py": """
import os
BASE_DIR = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SECRET_KEY = os.environ["APP_SECRET"]
ALLOWED_HOSTS = [host.strip() for host in os.getenv("ALLOWED_HOSTS", "").split(",")]
ROOT_URLCONF = "web.urls"
DATABASES = {"default": {
    "ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(BASE_DIR, "var", "main.db"),
    "OPTIONS": {"init_command": "PRAGMA journal_mode=WAL;"},
}}
""",
    "src/uwsgi.ini": "[uwsgi]\nmodule = web.wsgi\nhttp-socket = :7000\nmaster = true\n",
    "requirements/base.txt": "Django==5.1\n",
    "requirements/production.txt": "-r base.txt\nuwsgi\nDjango==4.2 # old\n",
    "requirements/development.txt": "Django==3.2\n",
    "Dockerfile": """FROM debian:bookworm
COPY requirements /requirements
RUN pip install -r /requirements/production.txt
COPY src/ /code/
WORKDIR /code
USER 999
CMD ["uwsgi", "--ini", "uwsgi.ini"]
""",
}
DAPHNE = {  # an entry point that migrates, channels on Redis, two ends of migrations
    "manage.py": MANAGE.format(module="chat.settings"),
    "chat/asgi.py": WSGI.format(module="chat.settings").replace("wsgi", "asgi"),
    "chat/urls.py": 'urlpatterns = [path("", home), path("admin/", admin.site.urls)]\n',
    "chat/settings.py": """
import os
from decouple import config, Csv
SECRET_KEY = config("SECRET_KEY")
ALLOWED_HOSTS = config("ALLOWED_HOSTS", cast=Csv())
ROOT_URLCONF = "chat.urls"
DATA_DIR = os.environ.get("CHAT_DATA", "/app")
DATABASES = {"default": {
    "ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(DATA_DIR, "chat.sqlite3"),
}}
CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis", "CONFIG": {"hosts": [("127.0.0.1", 6379)]}}}
CELERY_BROKER_URL = os.environ.get("BROKER", "redis://redis:6379/1")
""",
    "rooms/models.py": MODELS,
    "rooms/migrations/__init__.py": "",
    "rooms/migrations/0001_initial.py": FIRST,
    "rooms/migrations/0002_a.py": after("rooms", "0001_initial"),
    "rooms/migrations/0002_b.py": after("rooms", "0001_initial"),
    "requirements.txt": "django\ndaphne==4.1.2\ncelery\n",
    "docker/entrypoint.sh": '#!/bin/sh\r\npython manage.py migrate --noinput\r\nexec "$@"\r\n',
    "Dockerfile": """ARG BASE
FROM ${BASE}
WORKDIR /app
COPY . /app
ENTRYPOINT ["/app/docker/entrypoint.sh"]
CMD ["daphne", "-b", "0.0.0.0", "-p", "8001", "chat.asgi:application"]
""",
}
SILENT = {  # no CMD, a start by somebody else, two possible databases
    "backend/manage.py": MANAGE.format(module="api.settings"),
    "backend/api/wsgi.py": WSGI.format(module="api.settings"),
    "backend/api/settings.py": """
import os
from pathlib import Path
import dj_database_url
BASE_DIR = Path(__file__).parents[1]
SECRET_KEY = os.environ.get("KEY", "")
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "api.urls"
if os.environ.get("DATABASE_URL"):
    DATABASES = {"default": dj_database_url.config()}
else:
    FILE = str(BASE_DIR / "storage" / "a.db")
    DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": FILE}}
""",
    "backend/api/urls.py": 'urlpatterns = [path("up", view)]\n',
    "backend/Dockerfile": "FROM python:3.13-slim\nWORKDIR /usr/src/app\nCOPY . .\nEXPOSE 3000/tcp\n",
}
SAMPLES = {"started": STARTED, "packaged": PACKAGED, "uwsgi": UWSGI, "daphne": DAPHNE, "silent": SILENT}


def write(folder: Path, files: dict[str, str]) -> Path:
    """Write a checkout."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return folder


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


_ODD = st.binary(max_size=40) | st.sampled_from(
    [b"(" * 300, b"[\n", b"'\\ud800'", b"\r\n", b"${", b"$(", b'"a b"', b"99999", b"-b", b"/", b":"]
)


@st.composite
def damaged_checkouts(draw: st.DrawFn) -> dict[str, bytes]:
    """Draw a checkout in which some files are damaged."""
    files = {name: text.encode() for name, text in draw(st.sampled_from(list(SAMPLES.values()))).items()}
    for name in draw(st.lists(st.sampled_from(sorted(files)), min_size=1, max_size=3)):
        start = draw(st.integers(0, len(files[name])))
        rest = files[name][start + draw(st.integers(0, 9)) :]
        files[name] = files[name][:start] + draw(_ODD) + rest
    return files
