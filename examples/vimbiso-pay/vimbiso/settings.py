"""Settings, all from the environment: docs/sample-application.md lists the variables."""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent


def _list(name: str, default: str = "") -> list[str]:
    return [item.strip() for item in os.environ.get(name, default).split(",") if item.strip()]


DEBUG = os.environ.get("DEBUG", "") == "1"
RELEASE = os.environ.get("RELEASE") or "unknown"
ENVIRONMENT = os.environ.get("ENVIRONMENT") or "development"
FAULT = os.environ.get("FAULT", "")

SECRET_KEY = os.environ.get("DJANGO_SECRET", "only-for-debugging" if DEBUG else "")
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "DJANGO_SECRET is not set. Give the container a secret key (the pipeline's sync-secrets flow does), "
        "or set DEBUG=1 on your own machine."
    )

ALLOWED_HOSTS = _list("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = _list("CSRF_TRUSTED_ORIGINS")
# The load balancer ends TLS and says so here; nothing else reaches the container.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"

INSTALLED_APPS = ["ledger"]
MIDDLEWARE = [
    # First, because load balancers ask with the task's address as Host, which ALLOWED_HOSTS refuses.
    "ledger.health.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "vimbiso.urls"
WSGI_APPLICATION = "vimbiso.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("DATABASE_PATH") or "/data/db.sqlite3",
        "OPTIONS": {
            "timeout": 5,
            # Write-ahead logging needs shared memory, which a network file system (EFS) does not give.
            "init_command": "PRAGMA journal_mode=DELETE;",
            # Without it a reader that turns writer fails at once instead of waiting for the timeout.
            "transaction_mode": "IMMEDIATE",
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

USE_TZ = True
TIME_ZONE = "UTC"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": f"%(levelname)s release={RELEASE} %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "INFO")},
}
