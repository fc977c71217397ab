"""Makes sure that the image which applications are built on exists on this machine.

Present: nothing is done. Not present: it is pulled. No registry to pull from: an equivalent is made from the
packages of the machine's own distribution (Debian or Ubuntu), with the machine's own apt sources and
certificate authorities, so that it works wherever the machine itself can install packages.
"""

import hashlib
import os
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import docker
from docker.errors import APIError, DockerException, ImageNotFound

from deployments.local.exclusive import exclusive
from deployments.local.setup.paths import TOOLS
from pipeline.errors import PipelineError

DEFAULT = "python:3.12-slim-bookworm"
_REPOSITORY = "vimbiso/base"
_PACKAGES = (
    *("python3", "python3-venv", "python3-pip", "python-is-python3"),
    *("ca-certificates", "netbase", "tzdata", "passwd", "usr-is-merged"),
)
"""What the official slim images have, beside the library of the distribution's Python (libpython3.X)."""
_MERGED_USR = "/usr/share/mmdebstrap/hooks/merged-usr"
"""Merges /usr from the start; without it a package comes along that needs 50 MB of Perl to do it."""
_UNWANTED = (
    *("/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/info/*"),
    "/usr/lib/python3*/EXTERNALLY-MANAGED",
)
"""Without the last, pip installs for the whole system (PEP 668), as it does in the official images."""
_TRUST = Path("/etc/ssl/certs/ca-certificates.crt")
_APT = Path("/etc/apt")
_SEEN = tuple(path for path in (_TRUST, Path("/var/lib/apt/lists")) if path.exists())
_NOTE = TOOLS / "base-image"
_TARGETS = "$(ORIGIN)|deb $(REPO_URI) $(RELEASE) $(COMPONENT)"
_ACQUIRE = re.compile(r'^Acquire::(Check-|https?::|Retries|ForceIPv)[^"]* "[^"]+";$')
_LIMIT = 600
"""Seconds that one package command may take."""

Report = Callable[[str], None]


class BaseImageError(PipelineError):
    """The base image is not there and can be neither pulled nor made."""


@dataclass(frozen=True)
class Recipe:
    """Ingredients of an equivalent base image."""

    suite: str
    """Code name of the distribution's release."""
    sources: tuple[str, ...]
    """One-line apt sources."""
    options: tuple[str, ...]
    """apt's settings that downloads need here: proxies, checks, retries."""
    trust: bytes
    """The machine's certificate bundle (PEM); empty when it has none."""
    python: str
    """Version of the distribution's Python, as 3.11."""

    @property
    def reference(self) -> str:
        """Image reference; another recipe has another one."""
        parts = [*bootstrap_command(self, Path("/")), *self.sources]
        digest = hashlib.sha256("\n".join(parts).encode() + self.trust).hexdigest()
        return f"{_REPOSITORY}:{self.suite}-{digest[:12]}"


def ensure_base_image(
    requested: str | None = None, *, client: docker.DockerClient | None = None, report: Report = print
) -> str:
    """Return the reference to pass as the build argument BASE_IMAGE.

    ``requested`` defaults to the environment variable BASE_IMAGE, else to the sample application's own
    default. An equivalent made earlier is used without asking a registry again: remove it to try a pull.

    Raises:
        BaseImageError: neither a registry nor the distribution's packages can be had.
    """
    engine = client or _engine()
    image = requested or os.environ.get("BASE_IMAGE") or DEFAULT
    if _present(engine, image):
        return image
    equivalent = _equivalent() if shutil.which("apt-get") else ""
    if equivalent and _present(engine, equivalent):
        return equivalent
    try:
        report(f"Pulling {image}")
        engine.images.pull(image)
    except DockerException as error:
        report(f"{image} cannot be pulled ({_first_line(error)})")
        return _make(engine, image, report)
    return image


def _engine() -> docker.DockerClient:
    try:
        return docker.from_env(timeout=120)
    except DockerException as error:
        raise BaseImageError(
            f"The Docker engine does not answer: {_first_line(error)}. Start it, and check with docker info."
        ) from error


def _present(engine: docker.DockerClient, image: str) -> bool:
    try:
        engine.images.get(image)
    except ImageNotFound:
        return False
    except DockerException as error:
        raise BaseImageError(
            f"Looking for the image {image}: {_first_line(error)}. "
            "Check that the Docker engine runs (docker info)."
        ) from error
    return True


def _equivalent() -> str:
    """Return the reference of this machine's equivalent; "" where apt names no usable source.

    It is noted beside a digest of apt's settings and lists, as asking apt takes a second.
    """
    files = sorted(path for path in _APT.rglob("*") if path.is_file())
    state = [(str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in (*files, *_SEEN)]
    digest = hashlib.sha256(repr(state).encode()).hexdigest()
    with suppress(OSError):
        noted, _, reference = _NOTE.read_text(encoding="utf-8").partition(" ")
        if noted == digest:
            return reference
    recipe = _recipe()
    reference = recipe.reference if recipe else ""
    _NOTE.parent.mkdir(exist_ok=True)
    written = _NOTE.with_suffix(f".{os.getpid()}")
    written.write_text(f"{digest} {reference}", encoding="utf-8")
    written.replace(_NOTE)
    return reference


def _make(engine: docker.DockerClient, image: str, report: Report) -> str:
    _ensure_mmdebstrap(image, report)
    recipe = _recipe()
    if recipe is None:
        raise BaseImageError(
            f"{image} cannot be pulled, and apt names no Debian or Ubuntu source to make an equivalent from. "
            "Give an image that this machine has in the environment variable BASE_IMAGE."
        )
    report(f"Making an equivalent from {recipe.suite}'s packages: {recipe.reference}")
    with exclusive(Path(__file__).parent), tempfile.TemporaryDirectory(prefix="base-image-") as folder:
        if _present(engine, recipe.reference):
            return recipe.reference  # another process made it meanwhile
        archive = _bootstrap(recipe, Path(folder))
        engine.api.import_image_from_file(
            str(archive),
            repository=_REPOSITORY,
            tag=recipe.reference.rpartition(":")[2],
            changes=["ENV LANG=C.UTF-8", 'CMD ["python3"]'],
        )
    return recipe.reference


def _ensure_mmdebstrap(image: str, report: Report) -> None:
    if shutil.which("mmdebstrap"):
        return
    if not shutil.which("apt-get") or os.geteuid() != 0:
        raise BaseImageError(
            f"{image} cannot be pulled, and making an equivalent needs mmdebstrap. "
            "Install it (sudo apt-get install mmdebstrap), or give another image in BASE_IMAGE."
        )
    report("Installing mmdebstrap")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    _run(["apt-get", "update", "-qq"], quiet)
    _run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "mmdebstrap"], quiet)


def _recipe() -> Recipe | None:
    """Read the recipe from the machine's own apt configuration; None without a usable source."""
    origins = [
        line.partition("|") for line in _run(["apt-get", "indextargets", "--format", _TARGETS]).split("\n")
    ]
    sources = sorted({source for origin, _, source in origins if origin in {"Debian", "Ubuntu"}})
    options = [line for line in _run(["apt-config", "dump"]).split("\n") if _ACQUIRE.match(line)]
    python = re.search(r"Depends: python(3\.\d+)$", _run(["apt-cache", "depends", "python3"]), re.MULTILINE)
    if not sources or not python:
        return None
    suite = platform.freedesktop_os_release().get("VERSION_CODENAME", "stable")
    trust = _TRUST.read_bytes() if _TRUST.exists() else b""
    return Recipe(suite, tuple(sources), tuple(options), trust, python[1])


def _bootstrap(recipe: Recipe, folder: Path) -> Path:
    """Make the root file system; ``folder`` takes the archive and everything temporary."""
    (folder / "apt.conf").write_text("\n".join(recipe.options) + "\n", encoding="utf-8")
    (folder / "sources.list").write_text("\n".join(recipe.sources) + "\n", encoding="utf-8")
    (folder / "pip.conf").write_text(f"[global]\ncert = {_TRUST}\n", encoding="utf-8")
    (folder / "trust.pem").write_bytes(recipe.trust)
    _run(bootstrap_command(recipe, folder), {**os.environ, "TMPDIR": str(folder)})
    return folder / "root.tar"


def bootstrap_command(recipe: Recipe, folder: Path) -> list[str]:
    """Build the mmdebstrap command; settings that may hold a proxy's password stay in files."""
    trust = [
        f"--customize-hook=upload {folder}/trust.pem {_TRUST}",
        f"--customize-hook=upload {folder}/pip.conf /etc/pip.conf",
    ]
    return [
        "mmdebstrap",
        "--quiet",
        "--variant=apt",
        f"--hook-dir={_MERGED_USR}",
        f"--include={','.join((*_PACKAGES, f'libpython{recipe.python}'))}",
        f"--aptopt={folder}/apt.conf",
        *(f"--dpkgopt=path-exclude={path}" for path in _UNWANTED),
        *(trust if recipe.trust else []),
        "--customize-hook=rm -f $1/etc/apt/apt.conf.d/99mmdebstrap",
        recipe.suite,
        f"{folder}/root.tar",
        f"{folder}/sources.list",
    ]


def _run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    try:
        done = subprocess.run(  # noqa: S603 (a list built here, no shell)
            command, env=environment, capture_output=True, text=True, check=True, timeout=_LIMIT
        )
    except subprocess.CalledProcessError as error:
        last = "\n".join((error.stderr or error.stdout).strip().splitlines()[-10:])
        raise BaseImageError(
            f"Making the base image: {command[0]} ended with {error.returncode}:\n{last}\n"
            "Check apt's sources (apt-get update), or give another image in BASE_IMAGE."
        ) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BaseImageError(f"Making the base image: {command[0]} did not end: {error}.") from error
    return done.stdout


def _first_line(error: DockerException) -> str:
    text = str(error.explanation) if isinstance(error, APIError) and error.explanation else str(error)
    return text.strip().split("\n")[0]
