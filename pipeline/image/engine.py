"""The Docker engine: reach it, and see whether it can do the job."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import docker
from docker.errors import DockerException

from pipeline.image.request import ImageError

SILENCE = 600
"""Seconds that an engine may say nothing (a long RUN prints nothing) before it counts as gone."""
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}


@dataclass(frozen=True)
class Engine:
    """A Docker engine as it presents itself."""

    version: str
    architecture: str
    """As images name it: amd64, arm64."""
    free_bytes: int | None
    """Free disk where images are kept; None when the engine runs on another machine."""


def connect(silence: float = SILENCE) -> docker.DockerClient:
    """Return a client of the engine that the environment names (DOCKER_HOST and the like).

    Raises:
        ImageError: it does not answer.
    """
    try:
        return docker.from_env(timeout=int(silence))
    except DockerException as error:
        raise _silent(error) from error


def _silent(error: Exception) -> ImageError:
    return ImageError(f"The Docker engine does not answer ({error}). Start it, and check with: docker info.")


def inspect_engine(client: docker.DockerClient) -> Engine:
    """Ask the engine what it is.

    Raises:
        ImageError: it does not answer.
    """
    try:
        facts = client.info()
    except (DockerException, OSError) as error:
        raise _silent(error) from error
    machine = str(facts.get("Architecture", ""))
    root = Path(str(facts.get("DockerRootDir", "")))
    free = shutil.disk_usage(root).free if root.is_absolute() and root.is_dir() else None
    return Engine(str(facts.get("ServerVersion", "")), image_architecture(machine), free)


def image_architecture(name: str) -> str:
    """Return an architecture as images name it; ``name`` is the engine's or ECS's (X86_64, ARM64)."""
    return _ARCHITECTURES.get(name.lower(), name.lower())


def engine_faults(engine: Engine, *, needed_bytes: int, architecture: str | None = None) -> list[str]:
    """List what keeps the engine from building; [] when nothing does.

    Args:
        engine: what :func:`inspect_engine` saw.
        needed_bytes: disk that a build may take.
        architecture: what the tasks run on (amd64, arm64; ECS's X86_64 and ARM64 too).
    """
    faults = []
    if engine.free_bytes is not None and engine.free_bytes < needed_bytes:
        faults.append(
            f"{engine.free_bytes / 1e9:.1f} GB of disk are free for images, {needed_bytes / 1e9:.1f} GB are "
            "needed. Free some with: docker system prune"
        )
    requested = image_architecture(architecture or "")
    if requested and requested != engine.architecture:
        faults.append(
            f"The engine builds for {engine.architecture}, the tasks run on {requested}. "
            "Build on such a machine, or give the build a platform and the engine its emulation."
        )
    return faults
