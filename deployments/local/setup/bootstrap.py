"""Makes an environment from the hash-pinned lock files; standard library only, as nothing else is there yet.

Run with any Python the project supports: ``python3 deployments/local/setup/bootstrap.py [FOLDER]``, by
default ``.venv``. A stamp, written last, says what the environment was made from: with it nothing is
done, without one (an interrupted run) the environment is made again.
"""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
INPUTS = ("requirements/uv.lock", "requirements/all.lock", "pyproject.toml")
SUPPORTED = ((3, 11), (3, 14))


class BootstrapError(Exception):
    """The environment could not be made; the message says what to do."""


@dataclass(frozen=True)
class VirtualEnvironment:
    """A virtual environment of the project at ``root``, in ``folder``."""

    root: Path
    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin/python"

    @property
    def stamp(self) -> Path:
        """File that says that the environment is finished, and from which lock files."""
        return self.folder / ".made-from"


Step = Callable[[VirtualEnvironment], None]


def main(arguments: Sequence[str] = (), root: Path = ROOT) -> int:
    """Make or renew the environment in the folder that is named, below ``root``; returns the exit code."""
    folder = arguments[0] if arguments else ".venv"
    try:
        check_python()
        ensure(VirtualEnvironment(root, root / folder))
    except BootstrapError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def supported() -> list[str]:
    """Name the versions that the locked packages support, the oldest first."""
    (major, oldest), (_, beyond) = SUPPORTED
    return [f"{major}.{minor}" for minor in range(oldest, beyond)]


def check_python(version: tuple[int, ...] = sys.version_info[:2]) -> None:
    """Refuse a Python that the locked packages do not support."""
    found, names = ".".join(map(str, version)), supported()
    if found not in names:
        raise BootstrapError(
            f"Python {found} cannot run this project: it needs {', '.join(names[:-1])} or {names[-1]}. "
            "Install one and name it: make PYTHON=python3.12"
        )


def ensure(
    environment: VirtualEnvironment, make_empty: Step | None = None, install: Step | None = None
) -> None:
    """Bring the environment to what the lock files say; quick when it is there already.

    A finished environment of the same base is renewed in place; any other is made again by ``make_empty``.
    ``install`` then puts the packages in; by default uv does it, else pip.
    """
    requested = fingerprint(environment)
    if current(environment) == requested:
        return
    with _only_one(environment.root):
        there = current(environment)
        if there == requested:
            return
        print(f"Installing the Python packages into {environment.folder} ...", flush=True)
        if there is None or there.splitlines()[0] != requested.splitlines()[0]:
            shutil.rmtree(environment.folder, ignore_errors=True)
            (make_empty or _make_empty)(environment)
        environment.stamp.unlink(missing_ok=True)
        (install or _install)(environment)
        environment.stamp.write_text(requested, encoding="utf-8")


def fingerprint(environment: VirtualEnvironment) -> str:
    """Say what the environment shall be made of: its Python, its places (scripts hold them), its inputs."""
    digest = hashlib.sha256(b"".join((environment.root / name).read_bytes() for name in INPUTS)).hexdigest()
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return f"{version} {sys.base_prefix} {environment.root} {environment.folder}\n{digest}\n"


def current(environment: VirtualEnvironment) -> str | None:
    """Return the stamp of the environment; None where it was never finished."""
    if not environment.python.exists() or not environment.stamp.exists():
        return None
    return environment.stamp.read_text(encoding="utf-8") or None


def _make_empty(environment: VirtualEnvironment) -> None:
    _ensure_venv_module()
    _run([sys.executable, "-m", "venv", str(environment.folder)], "the virtual environment could not be made")


def _install(environment: VirtualEnvironment) -> None:
    """Install with uv (seconds); with pip (a minute) where uv, which reads no pip.conf, finds no packages."""
    python, root = str(environment.python), environment.root
    uv_lock, lock = (str(root / f"requirements/{name}.lock") for name in ("uv", "all"))
    pip = [python, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    uv = [python, "-m", "uv", "pip", "sync", "--quiet", "--python", python, "--require-hashes", lock]
    if not (_succeeds([*pip, "--require-hashes", "-r", uv_lock]) and _succeeds(uv)):
        print("uv could not install the packages; pip does it now, which takes longer ...", flush=True)
        _run(
            [*pip, "--require-hashes", "--no-deps", "-r", lock], "the locked packages could not be installed"
        )
    _run(
        [*pip, "--no-deps", "--no-build-isolation", "--editable", str(root)],
        "the project itself could not be installed",
    )


def _ensure_venv_module() -> None:
    """Debian keeps ``ensurepip`` in a package of its own."""
    if importlib.util.find_spec("ensurepip"):
        return
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise BootstrapError(f"This Python has no venv module. Type: sudo apt-get install {package}")
    advice = f"the package {package} could not be installed"
    _run(["apt-get", "update", "-qq"], advice)
    _run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", package], advice)


@contextmanager
def _only_one(root: Path) -> Iterator[None]:
    """Let one set-up at a time work here; the kernel frees the lock of one that was killed."""
    folder = root / ".tools"
    folder.mkdir(exist_ok=True)
    with (folder / "bootstrap.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _succeeds(command: Sequence[str]) -> bool:
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - our own command
    if done.returncode:
        print(done.stderr.strip()[-600:], file=sys.stderr)
    return done.returncode == 0


def _run(command: Sequence[str], problem: str) -> None:
    done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command
    if done.returncode:
        raise BootstrapError(f"Set-up stopped: {problem} (exit code {done.returncode}; the reason is above).")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
