"""A copy of the sample application's source, of which releases are made, good ones and broken ones."""

import itertools
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from deployments.paths import PROJECT

SAMPLE = PROJECT / "examples/vimbiso-pay"
_FAULT = 'ARG FAULT="{}"'
_COMMAND = 'CMD ["gunicorn", "vimbiso.wsgi"]'
HARMLESS = "migrations.RunPython(lambda apps, editor: None, migrations.RunPython.noop)"
ONE_WAY = "migrations.RunPython(lambda apps, editor: None)"
_MIGRATION = """
from django.db import migrations

class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]
    operations = [{}]
"""


@dataclass(frozen=True)
class Application:
    """The source folder that the environment deploys; every change makes another release."""

    folder: Path
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def copy(self) -> None:
        """Bring the sample application here."""
        shutil.copytree(SAMPLE, self.folder, ignore=shutil.ignore_patterns("__pycache__"))

    def change(self, fault: str = "", command: str = "", migration: str = "") -> str:
        """Make the next release: a good one, one with a fault switched on, or one with another command.

        ``migration`` is the operation of a new migration, in this release only; its name is returned.
        """
        number = next(self._numbers)
        (self.folder / "release-note.txt").write_text(f"Release {number} of the tests\n")
        self._migrate(f"0002_release_{number}", migration)
        text = (SAMPLE / "Dockerfile").read_text().replace(_FAULT.format(""), _FAULT.format(fault))
        assert _COMMAND in text
        assert _FAULT.format(fault) in text
        (self.folder / "Dockerfile").write_text(text.replace(_COMMAND, command or _COMMAND))
        return f"ledger.0002_release_{number}"

    def _migrate(self, name: str, operation: str) -> None:
        folder = self.folder / "ledger/migrations"
        for older in folder.glob("0002_*.py"):
            older.unlink()
        if operation:
            (folder / f"{name}.py").write_text(_MIGRATION.format(operation))
