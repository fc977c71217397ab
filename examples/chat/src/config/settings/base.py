"""Settings of every place."""

import os

SECRET_KEY = os.environ.get("CHAT_SECRET", "only for development")
INSTALLED_APPS = ["daphne", "talk"]
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"]
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
