"""Looks into an image on this machine, without starting it: at its configuration and its files."""

import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from io import BytesIO
from posixpath import dirname, isabs, join
from typing import Any

import docker
from docker.errors import DockerException, NotFound
from docker.models.containers import Container

from pipeline.clock import utc_now
from pipeline.environment.model import Environment
from pipeline.image.config import ImageConfig, Read, image_faults, port_note
from pipeline.image.engine import made_at
from pipeline.image.request import ImageError

_BEGINNING = 1 << 16
"""Bytes of a file that are read: all of a user table, and a script's first line."""
_LABEL = "delivery-pipeline.look"
_LOOK = timedelta(hours=1)
"""Longer than any look takes."""
_LINKS = 10
"""Symbolic links that are followed one after the other."""


def require_startable(client: docker.DockerClient, image: str, settings: Environment) -> str:
    """Refuse an image from which the application cannot start; return a remark, "" without one.

    Raises:
        ImageError: naming each fault and what to set.
    """
    try:
        config = ImageConfig.parse(client.images.get(image).attrs["Config"])
        with _files_of(client, image) as read:
            faults = image_faults(config, settings, read)
    except (DockerException, OSError) as error:
        raise ImageError(f"Image {image} could not be looked into: {error}. Run again.") from error
    if faults:
        raise ImageError(f"{' '.join(faults)}\nNothing would start from image {image}, so it was not pushed.")
    return port_note(config, settings.container_port)


@contextmanager
def _files_of(client: docker.DockerClient, image: str) -> Iterator[Read]:
    """Give a reader of the image's files: that of a container which is made and never started."""
    _remove_left(client, utc_now())
    container = client.containers.create(image, command=["-"], network_disabled=True, labels=[_LABEL])
    try:
        yield lambda path: _read(container, path)
    finally:
        _remove(container)


def _remove_left(client: docker.DockerClient, now: datetime) -> None:
    """Remove the containers of runs that were killed while they looked."""
    for container in client.containers.list(all=True, filters={"label": _LABEL}):
        if now - made_at(container.attrs["Created"]) > _LOOK:
            _remove(container)


def _remove(container: Container) -> None:
    """Remove it with the volumes that the engine made for it: one for each VOLUME of the image."""
    with suppress(NotFound):
        container.remove(force=True, v=True)


def _read(container: Container, path: str) -> bytes | None:
    for _ in range(_LINKS):
        try:
            chunks, stat = container.get_archive(path)
        except NotFound:
            return None
        target = (stat or {}).get("linkTarget", "")
        if not target:
            return _content(chunks)
        path = target if isabs(target) else join(dirname(path), target)
    return None


def _content(chunks: Any) -> bytes:
    """Read the beginning of the only file in a tar; a folder has none."""
    data = bytearray()
    for chunk in chunks:
        data += chunk
        if len(data) > _BEGINNING:
            break
    chunks.close()
    header = tarfile.TarInfo.frombuf(bytes(data[: tarfile.BLOCKSIZE]), "utf-8", "replace")
    return bytes(BytesIO(data[tarfile.BLOCKSIZE :]).read(header.size))
