"""A copy of the sample application's source, of which releases are made, good ones and broken ones."""

import itertools
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from deployments.setup.paths import PROJECT

SAMPLE = PROJECT / "examples/vimbiso-pay"
_FAULT = 'ARG FAULT="{}"'
_COMMAND = 'CMD ["gunicorn", "vimbiso.wsgi"]'


@dataclass(frozen=True)
class Application:
    """The source folder that the environment deploys; every change makes another release."""

    folder: Path
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def copy(self) -> None:
        """Bring the sample application here."""
        shutil.copytree(SAMPLE, self.folder, ignore=shutil.ignore_patterns("__pycache__"))

    def change(self, fault: str = "", command: str = "") -> None:
        """Make the next release: a good one, one with a fault switched on, or one with another command."""
        (self.folder / "release-note.txt").write_text(f"Release {next(self._numbers)} of the tests\n")
        text = (SAMPLE / "Dockerfile").read_text().replace(_FAULT.format(""), _FAULT.format(fault))
        assert _COMMAND in text
        assert _FAULT.format(fault) in text
        (self.folder / "Dockerfile").write_text(text.replace(_COMMAND, command or _COMMAND))
