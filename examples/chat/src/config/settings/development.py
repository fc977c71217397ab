"""Settings of a developer's machine."""

from config.settings.base import *

DEBUG = True
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "development.sqlite3"}}
