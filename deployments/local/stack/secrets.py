"""Secrets that the stack makes up for itself, each in a file that its user alone may read."""

import base64
import json
import secrets
import shlex
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from deployments.local.stack.settings import Settings
from deployments.secret_file import random_secret, secret_in

PREFECT_PASSWORD = "prefect-password"  # noqa: S105 - a file's name
"""``USER:PASSWORD``, which Prefect's server asks for."""
ENCRYPTION_KEY = "prefect-encryption-key"
"""Prefect's server encrypts blocks with it; not in the database, so that a copy of that tells nothing."""
AWS_KEY = "aws-secret-key"
"""Secret key of the emulated account, with which it checks presigned URLs."""
WEBHOOK_SECRET = "webhook-secret"  # noqa: S105 - a file's name


def make_up(settings: Settings) -> None:
    """Make the secrets that are not there yet."""
    secret_in(settings.state / PREFECT_PASSWORD, lambda: f"vimbiso:{random_secret()}")
    secret_in(settings.state / ENCRYPTION_KEY, lambda: _encryption_key(settings.state / "prefect/prefect.db"))
    secret_in(settings.state / AWS_KEY)
    secret_in(settings.state / WEBHOOK_SECRET)


def read(settings: Settings, name: str) -> str:
    """Return a secret; "" where the stack was never up."""
    try:
        return (settings.state / name).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""


def show_password(settings: Settings) -> str:
    """Return the command that prints what Prefect's UI asks for; we ourselves print no password."""
    file = settings.state / PREFECT_PASSWORD
    here = Path.cwd()
    return f"cat {shlex.quote(str(file.relative_to(here) if file.is_relative_to(here) else file))}"


def _encryption_key(database: Path) -> str:
    """Take the key that an earlier version of the stack let the server keep in its database."""
    if database.exists():
        with (
            closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as opened,
            suppress(sqlite3.Error),
        ):
            rows = opened.execute("select value from configuration where key = 'ENCRYPTION_KEY'").fetchall()
            if rows:
                return str(json.loads(rows[0][0])["fernet_key"])
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()  # the form of a Fernet key
