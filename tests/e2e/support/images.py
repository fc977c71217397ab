"""Removes the images that deployments left in this machine's engine."""

from contextlib import suppress

import docker
from docker.errors import ImageNotFound


def remove_images(registry_port: int) -> None:
    """Remove every reference to the registry on that port; layers that other images need stay."""
    engine = docker.from_env()
    prefix = f"localhost:{registry_port}/"
    for image in engine.images.list():
        for reference in [*image.attrs["RepoTags"], *image.attrs["RepoDigests"]]:
            if reference.startswith(prefix):
                with suppress(ImageNotFound):  # the last tag takes the digest along
                    engine.images.remove(reference, force=True)
