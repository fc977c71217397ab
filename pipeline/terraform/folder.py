"""Private folders of Terraform runs, removed at their end and swept after a crash."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_HOLD, _SWEEP = "hold", "sweep"


@dataclass(frozen=True)
class RunFolder:
    """Where one run keeps what no other may see or touch."""

    path: Path
    hold: int
    """Open descriptor of a locked file; whoever keeps it open (Terraform too) keeps the folder."""

    @property
    def data(self) -> Path:
        """Terraform's TF_DATA_DIR."""
        return self.path / "data"

    @property
    def plan(self) -> Path:
        """Where the plan is saved; as secret as the state."""
        return self.path / "plan.tfplan"

    @property
    def variables(self) -> Path:
        """Private variables file."""
        return self.path / "pipeline.tfvars.json"


def default_base() -> Path:
    """Return the folder that holds this user's run folders."""
    return Path(tempfile.gettempdir()) / f"vimbiso-pipeline-{os.getuid()}"


@contextmanager
def run_folder(label: str, base: Path | None = None) -> Iterator[RunFolder]:
    """Make a private folder (0700) for one run; folders that killed runs left behind are removed first."""
    parent = base or default_base()
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(parent):
        _remove_abandoned(parent)
        path = Path(tempfile.mkdtemp(prefix=f"{label}-", dir=parent))
        hold = os.open(path / _HOLD, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(hold, fcntl.LOCK_EX)
    try:
        yield RunFolder(path, hold)
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(hold)


def is_held(path: Path) -> bool:
    """Tell whether a run, or a Terraform that outlived it, still uses the folder."""
    try:
        descriptor = os.open(path / _HOLD, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _remove_abandoned(parent: Path) -> None:
    for path in parent.iterdir():
        if path.is_dir() and not is_held(path):
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _alone(parent: Path) -> Iterator[None]:
    # Between making a folder and holding it, another run's sweep would take it for abandoned.
    descriptor = os.open(parent / _SWEEP, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
