"""Settings of what is served: HTTPS alone, a database of another name in another folder."""

import os

from config.settings.base import *

ALLOWED_HOSTS = ["*"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "/var/lib/chat/chat.db"}}
SECRET_KEY = os.environ["CHAT_SECRET"]
SECURE_SSL_REDIRECT = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REDIRECT_EXEMPT = [r"^-/alive$"]
