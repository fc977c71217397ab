"""The Docker engine: reach it, and see whether it can do the job."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import docker
from docker.errors import DockerException
from docker.models.images import Image

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


@contextmanager
def tagged(client: docker.DockerClient, image: str, repository: str, tag: str) -> Iterator[None]:
    """Give an image another name, ``HOST/NAME:TAG``, for a while.

    Raises:
        ImageError: the engine has no such image, or does not answer.
    """
    try:
        client.images.get(image).tag(repository, tag)
    except (DockerException, OSError) as error:
        raise ImageError(f"{image} could not be tagged as {tag}: {error}. Run again.") from error
    try:
        yield
    finally:
        with suppress(DockerException, OSError):
            client.images.remove(f"{repository}:{tag}")


def remove_older(client: docker.DockerClient, repository: str, kept: int) -> list[str]:
    """Remove the engine's older images of a repository, ``HOST/NAME``; return their references.

    The ``kept`` newest stay, as the next build takes its layers from them, and so does what a container uses.
    """
    removed: list[str] = []
    with suppress(DockerException):  # an engine that fails here keeps its images, and loses no release
        used = {item.attrs["ImageID"] for item in client.containers.list(all=True, sparse=True)}
        found = client.images.list(name=repository)
        for image in sorted(found, key=lambda image: made_at(image.attrs["Created"]), reverse=True)[kept:]:
            if image.id not in used:
                removed += _forget(client, image, repository)
    return removed


def _forget(client: docker.DockerClient, image: Image, repository: str) -> Iterator[str]:
    for reference in (*image.tags, *(image.attrs.get("RepoDigests") or [])):
        if re.match(f"{re.escape(repository)}[:@]", reference):
            with suppress(DockerException):  # it went with the reference before
                client.images.remove(reference)
                yield reference


def made_at(created: int | str) -> datetime:
    """Return when an image or a container was made: seconds in a list, ISO 8601 in a description."""
    if isinstance(created, int):
        return datetime.fromtimestamp(created, UTC)
    return datetime.fromisoformat(created[:19]).replace(tzinfo=UTC)
