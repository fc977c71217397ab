"""Private folders of Terraform runs, removed at their end and swept after a crash."""

import fcntl
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pipeline.environment.loader import state_folder
from pipeline.terraform.diagnostics import TerraformError

_HOLD, _CHILD, _ALONE, _PACKAGES = "hold", "terraform", "lock", "packages.json"


@dataclass(frozen=True)
class RunFolder:
    """Private folder of one run."""

    path: Path

    @property
    def child(self) -> Path:
        """File that Terraform keeps locked while it lives, even when it outlives the run."""
        return self.path / _CHILD

    @property
    def data(self) -> Path:
        """Terraform's TF_DATA_DIR."""
        return self.path / "data"

    def offer_packages(self) -> None:
        """Link the provider packages that the last run linked, so that ``init`` only checks them.

        Terraform holds each against the lock file all the same, and installs anew what does not match.
        """
        with suppress(OSError, ValueError):
            known: dict[str, str] = json.loads(self._packages.read_text(encoding="utf-8"))
            for name, target in known.items():
                link = self.data / "providers" / name
                if Path(target).is_dir():
                    link.parent.mkdir(parents=True, exist_ok=True)
                    link.symlink_to(target, target_is_directory=True)

    def note_packages(self) -> None:
        """Note the packages that Terraform linked, from a mirror or a cache, for the next run."""
        root = self.data / "providers"
        # HOST/NAMESPACE/TYPE/VERSION/PLATFORM
        found = (link for link in root.glob("*/*/*/*/*") if link.is_symlink())
        links = {str(link.relative_to(root)): str(link.resolve()) for link in found}
        partial = self.path / _PACKAGES
        partial.write_text(json.dumps(links), encoding="utf-8")
        partial.replace(self._packages)

    @property
    def _packages(self) -> Path:
        return self.path.parent / _PACKAGES

    @property
    def plan(self) -> Path:
        """File of the saved plan; as secret as the state."""
        return self.path / "plan.tfplan"

    @property
    def variables(self) -> Path:
        """Private variables file."""
        return self.path / "pipeline.tfvars.json"


def default_base() -> Path:
    """Return the folder that holds the run folders; it is not where all users write."""
    return state_folder() / "terraform"


@contextmanager
def run_folder(label: str, base: Path | None = None) -> Iterator[RunFolder]:
    """Make a private folder (0700) for one run; folders that killed runs left behind are removed first.

    Raises:
        TerraformError: the folder around it is not this user's alone: who may rename it reads what is in it.
    """
    parent = base or default_base()
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _require_private(parent)
    # Between making a folder and holding it, another run's sweep would take it for abandoned.
    with exclusively(parent):
        for abandoned in parent.iterdir():
            if abandoned.is_dir() and not is_held(abandoned):
                shutil.rmtree(abandoned, ignore_errors=True)
        path = Path(tempfile.mkdtemp(prefix=f"{label}-", dir=parent))
        hold = os.open(path / _HOLD, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(hold, fcntl.LOCK_EX)
    try:
        yield RunFolder(path)
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(hold)


def is_held(path: Path) -> bool:
    """Tell whether a run, or a Terraform that outlived it, still uses the folder."""
    return _is_locked(path / _HOLD, fcntl.flock) or _is_locked(path / _CHILD, fcntl.lockf)


def _is_locked(file: Path, lock: Callable[[int, int], None]) -> bool:
    try:
        descriptor = os.open(file, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        lock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return True
    finally:
        os.close(descriptor)
    return False


def _require_private(folder: Path) -> None:
    found = folder.lstat()
    if (
        stat.S_ISDIR(found.st_mode)
        and found.st_uid == os.geteuid()
        and not stat.S_IMODE(found.st_mode) & 0o077
    ):
        return
    raise TerraformError(
        f"{folder} takes variables and plans of Terraform, but is no folder that user {os.geteuid()} "
        "alone may open. See who made it, remove it, and start again."
    )


@contextmanager
def exclusively(parent: Path) -> Iterator[None]:
    """Keep every other process of this machine out of what is done to a folder meanwhile."""
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(parent / _ALONE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
