"""What /health/ answers."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import TestCase, override_settings


class HealthTest(TestCase):
    """Health with the test database, all migrations applied."""

    def test_healthy(self) -> None:
        """A migrated database gives 200, the release and one query."""
        with self.assertNumQueries(2):  # Django asks for the table's existence, then reads it
            answer = self.client.get("/health/")
        self.assertEqual(
            {
                "status": "ok",
                "release": settings.RELEASE,
                "environment": settings.ENVIRONMENT,
                "database": "ok",
                "migrations": "applied",
            },
            answer.json(),
        )
        self.assertEqual(200, answer.status_code)
        self.assertEqual(settings.RELEASE, answer["X-Release"])

    def test_any_host(self) -> None:
        """The load balancer's Host header, a bare address, is answered; other paths refuse it."""
        self.assertEqual(200, self.client.get("/health/", HTTP_HOST="10.0.3.7").status_code)
        self.assertEqual(400, self.client.get("/", HTTP_HOST="10.0.3.7").status_code)

    def test_pending(self) -> None:
        """A missing migration gives 503 and the command to run."""
        MigrationRecorder(connection).record_unapplied("ledger", "0001_initial")
        answer = self.client.get("/health/")
        self.assertEqual(503, answer.status_code)
        self.assertEqual("pending", answer.json()["migrations"])
        self.assertIn("ledger.0001_initial", answer.json()["message"])
        self.assertIn("python manage.py migrate", answer.json()["message"])

    def test_newer_database(self) -> None:
        """Migrations of a newer release do not fail an older one, which must go on serving meanwhile."""
        MigrationRecorder(connection).record_applied("ledger", "9999_of_a_newer_release")
        self.assertEqual(200, self.client.get("/health/").status_code)

    @override_settings(FAULT="health-500")
    def test_drill(self) -> None:
        """The drill switch gives 500 and says that it is a drill."""
        answer = self.client.get("/health/")
        self.assertEqual(500, answer.status_code)
        self.assertIn("drill", answer.json()["message"])


    @override_settings(FAULT="visitors-500")
    def test_drill_for_visitors(self) -> None:
        """Health checks, which come without a load balancer, find nothing wrong."""
        self.assertEqual(200, self.client.get("/health/").status_code)
        self.assertEqual(500, self.client.get("/health/", headers={"X-Forwarded-For": "::1"}).status_code)


class CommandLineTest(TestCase):
    """What needs a process of its own."""

    def test_unreachable_database(self) -> None:
        """A database that cannot be opened gives 503 with its path."""
        code = "from ledger.health import health; a = health(); print(a.status_code, a.content.decode())"
        done = _python("-c", f"import django; django.setup(); {code}", DATABASE_PATH="/nowhere/db.sqlite3")
        self.assertTrue(done.stdout.startswith("503 "), done.stderr)
        self.assertIn("/nowhere/db.sqlite3", done.stdout)

    def test_secret_is_required(self) -> None:
        """Without a secret key nothing starts, and the variable is named."""
        done = _python("manage.py", "check", DJANGO_SECRET="")
        self.assertNotEqual(0, done.returncode)
        self.assertIn("DJANGO_SECRET is not set", done.stderr)

    def test_migration_drill(self) -> None:
        """FAULT=migrate fails the migration command and leaves the database without the tables."""
        with tempfile.TemporaryDirectory() as folder:
            done = _python("manage.py", "migrate", FAULT="migrate", DATABASE_PATH=f"{folder}/db.sqlite3")
        self.assertEqual(1, done.returncode)
        self.assertIn("FAULT=migrate", done.stderr)

    def test_no_migration_is_missing(self) -> None:
        """The migrations describe the models."""
        done = _python("manage.py", "makemigrations", "--check", "--dry-run")
        self.assertEqual(0, done.returncode, done.stdout)


def _python(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "vimbiso.settings", **variables}
    folder = Path(__file__).resolve().parents[2]
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
