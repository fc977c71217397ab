"""Private folders of Terraform runs, removed at their end and swept after a crash."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_HOLD = "hold"


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
    sweep(parent)
    path = Path(tempfile.mkdtemp(prefix=f"{label}-", dir=parent))
    hold = os.open(path / _HOLD, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(hold, fcntl.LOCK_EX)
    try:
        yield RunFolder(path, hold)
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(hold)


def sweep(parent: Path) -> tuple[Path, ...]:
    """Remove the run folders that nobody holds any more, and return them."""
    gone = tuple(path for path in sorted(parent.iterdir()) if path.is_dir() and not is_held(path))
    for path in gone:
        shutil.rmtree(path, ignore_errors=True)
    return gone


def is_held(path: Path) -> bool:
    """Tell whether a run, or a Terraform that outlived it, still uses the folder."""
    try:
        descriptor = os.open(path / _HOLD, os.O_RDWR)
    except FileNotFoundError:
        return _is_being_made(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _is_being_made(path: Path) -> bool:
    # Between mkdtemp and the lock the folder is empty; rmdir would race with its maker, so it is left alone.
    try:
        return not any(path.iterdir())
    except FileNotFoundError:
        return True
