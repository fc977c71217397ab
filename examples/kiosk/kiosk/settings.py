"""Settings: two databases, each in a file of its own on the volume."""

import os
from pathlib import Path

STATE = Path(os.environ.get("KIOSK_STATE", "/state"))
SECRET_KEY = os.environ["KIOSK_SECRET"]
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["till"]
ROOT_URLCONF = "kiosk.urls"
WSGI_APPLICATION = "kiosk.wsgi.application"
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": STATE / "till.db"},
    "journal": {"ENGINE": "django.db.backends.sqlite3", "NAME": STATE / "journal.db"},
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
